import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct EvictionTests {
    private let network = TestNetwork()

    /// Events of two originators on three days of expiry.
    private func events() throws -> [CheckedEvent] {
        var one = TestOriginator(1, log: network.log)
        var two = TestOriginator(2, log: network.log)
        var events: [CheckedEvent] = []
        for number in 0..<60 as Range<UInt64> {
            let envelope = Envelope.sample(number, topic: number % 4, expiry: 20_460 + UInt32(number % 3))
            let wire = number.isMultiple(of: 2) ? one.next(envelope) : two.next(envelope)
            events.append(try wire.unchecked())
        }
        return events
    }

    private func raise(_ store: EventStore, to day: UInt32) async throws -> [Checkpoint] {
        let (key, domain) = (SecretKey(seed: UInt64(store.number), label: "node"), network.log.domain)
        return try await store.raiseFloor(to: UTCDay(number: day)) { key.sign(domain.digest(of: $0.statement)) }
    }

    /// A node's floor, and how many events it holds.
    private func standing(_ node: ReplicationNode) async -> [UInt64] {
        let status = await node.status()
        return [UInt64(status.floor.number), status.events]
    }

    private func evictAll(_ store: EventStore) async throws {
        while try await store.evict(limit: 7) > 0 {}
    }

    @Test func `P8: what is below the floor is gone at once, and never taken again`() async throws {
        let events = try events()
        let store = try await network.store(1)
        _ = try await store.admit(events, from: nil, head: nil)
        let gone = events.filter { $0.expiry.number < 20_462 }
        let checkpoints = try await raise(store, to: 20_462)
        #expect(checkpoints.map(\.day.number) == [20_460, 20_461] && checkpoints.map(\.count) == [20, 20])
        for (checkpoint, day) in zip(checkpoints, [20_460, 20_461] as [UInt32]) {
            let day = events.filter { $0.expiry.number == day }
            #expect(checkpoint.root == TreeContent.leaf(day.map(\.id).sorted()).node.hash)
            #expect(checkpoint.bytes == day.reduce(0) { $0 + UInt64($1.wire.event.count) })
        }
        #expect(await store.state().count == 20)
        #expect(try await store.wireEvents(startingWith: gone.map(\.id.prefix), bytesMax: .max).isEmpty)
        try await evictAll(store)
        var figures = try await store.figures()
        #expect(figures.events == 20 && figures.messages == 20 && figures.topics == 4 && figures.floor.number == 20_462)
        for id in gone.map(\.id) { #expect(try await store.envelopeBytes(id) == nil) }
        let again = try await store.admit(events.shuffled(seed: 1), from: 3, head: nil)
        #expect(again.taken == 0 && again.results.count { $0 == .refused } == 40)
        figures = try await store.figures()
        #expect(figures.events == 20)
        #expect(try await raise(store, to: 20_462).isEmpty)
        #expect(try await raise(store, to: 20_400).isEmpty)
        #expect(await store.floor.number == 20_462)
    }

    @Test func `nodes that held the same make the same checkpoints, in whatever order it came`() async throws {
        let events = try events()
        let one = try await network.store(1)
        let two = try await network.store(2)
        _ = try await one.admit(events, from: nil, head: nil)
        for part in stride(from: 0, to: 60, by: 9) {
            _ = try await two.admit(Array(events.shuffled(seed: 5)[part..<min(60, part + 9)]), from: nil, head: nil)
        }
        let first = try await raise(one, to: 20_463)
        let second = try await raise(two, to: 20_463)
        #expect(first.count == 3)
        #expect(
            first.map { [$0.root, Bytes32(integer: UInt128($0.bytes))] }
                == second.map { [$0.root, Bytes32(integer: UInt128($0.bytes))] })
        for (checkpoint, signature) in try await two.checkpoints(
            after: UTCDay(number: 20_460), Shard(number: .max), limit: 9)
        {
            #expect(second.contains(checkpoint))
            let key = SecretKey(seed: 2, label: "node").address
            #expect(signature.isBy(key, over: network.log.domain.digest(of: checkpoint.statement)))
        }
        #expect(
            try await two.checkpoints(after: UTCDay(number: 20_461), Shard(number: .max), limit: 9).map(\.0.day.number)
                == [20_462])
    }

    @Test(arguments: [0, 1, 3])
    func `P7: a crash after the floor was written, before or amid the deletion, changes nothing`(
        _ steps: Int
    ) async throws {
        let events = try events()
        let configuration = network.configuration(1)
        let store = try await EventStore.open(configuration)
        _ = try await store.admit(events, from: nil, head: nil)
        _ = try await raise(store, to: 20_462)
        for _ in 0..<steps { _ = try await store.evict(limit: 9) }
        let state = await store.state()
        var copied = configuration
        copied.dataDirectory = "\(network.directory.path)/crashed"
        try FileManager.default.copyItem(atPath: configuration.dataDirectory, toPath: copied.dataDirectory)
        let reopened = try await EventStore.open(copied)
        #expect(await reopened.state() == state)
        #expect(await reopened.leftovers.count == 40 - 9 * steps)
        #expect(try await reopened.admit(events, from: nil, head: nil).taken == 0)
        try await evictAll(reopened)
        try await evictAll(store)
        let fresh = try await network.store(9)
        _ = try await fresh.admit(events.filter { $0.expiry.number >= 20_462 }, from: nil, head: nil)
        for survivor in [reopened, store] {
            #expect(await survivor.state().root == fresh.state().root)
            #expect(await survivor.answer(.places(.one)) == fresh.answer(.places(.one)))
            #expect(try await survivor.topics(after: nil, limit: 9) == fresh.topics(after: nil, limit: 9))
            let figures = try await survivor.figures()
            #expect(figures.messages == 20 && figures.topics == 4)
        }
    }

    @Test func `P8: of two nodes with different floors both are equal above the higher, and stop asking`() async throws
    {
        let events = try events()
        let low = try await network.store(1)
        let high = try await network.store(2)
        for store in [low, high] { _ = try await store.admit(events, from: nil, head: nil) }
        _ = try await raise(high, to: 20_461)
        let (toLow, toHigh) = (StoreSource(low), StoreSource(high))
        #expect(try await SetReconciler().reconcile(StoreReplica(store: high), with: toLow))
        #expect(try await SetReconciler().reconcile(StoreReplica(store: low), with: toHigh))
        #expect(toLow.fetches + toHigh.fetches + toLow.findings + toHigh.findings == 0)
        // What each lacks above it is brought all the same, and nothing below.
        var three = TestOriginator(3, log: network.log)
        let more = try (100..<110).map { try three.next(.sample($0, expiry: 20_470)).unchecked() }
        _ = try await high.admit(Array(more.prefix(6)), from: nil, head: nil)
        _ = try await low.admit(Array(more.suffix(6)), from: nil, head: nil)
        let waits = try await SetReconciler().reconcile(StoreReplica(store: high), with: toLow, isPatient: false)
        #expect(waits == .ahead && toLow.events == 4)
        #expect(await high.state().count == 50)
        _ = try await SetReconciler().reconcile(StoreReplica(store: low), with: toHigh)
        #expect(await low.state(from: UTCDay(number: 20_461)).count == 50)
        _ = try await raise(low, to: 20_461)
        #expect(try await SetReconciler().reconcile(StoreReplica(store: high), with: toLow))
        #expect(await low.state() == high.state())
        #expect(await low.state().count == 50)
    }

    @Test func `P10: a late child that names an evicted parent is taken, and nobody is asked for the parent`()
        async throws
    {
        var one = TestOriginator(1, log: network.log)
        let parent = one.next(.sample(1, expiry: 20_460))
        let child = one.next(.sample(2, expiry: 20_480), links: [parent.id])
        let store = try await network.store(1)
        _ = try await store.admit([try parent.unchecked()], from: nil, head: nil)
        _ = try await raise(store, to: 20_461)
        try await evictAll(store)
        let report = try await store.admit([try child.unchecked()], from: nil, head: nil)
        #expect(report.results == [.new] && !report.isLackingAncestors)
        #expect(try await store.needed(limit: 9).isEmpty)
        // An empty node gets the child alone.
        let fresh = try await network.store(2)
        #expect(try await SetReconciler().reconcile(StoreReplica(store: fresh), with: StoreSource(store)))
        #expect(
            try await fresh.messages(in: Envelope.sample(2).head.topic, after: nil, limit: 9).map(\.id) == [child.id])
    }

    @Test func `a node whose every own event was evicted signs after the last of them`() async throws {
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1)])
        let early = (0..<3).map { Envelope.sample($0, expiry: 20_460) }
        #expect(await node.publish(network.paid(early)).allSatisfy { $0.event != nil })
        let last = try #require(await node.chainHighest(of: 1))
        network.log.setTime(UTCDay(number: 20_470).start)
        try await node.observe(network.log.head())
        try await node.observe(network.log.seal(6))
        try await Eviction(core: node.core).advance()
        #expect(await standing(node) == [20_470, 0])
        await node.close()
        let again = try await network.node(1)
        await again.update(registry: [network.registered(1, port: 1)])
        let outcome = await again.publish(network.paid([.sample(9, expiry: 20_500)]))
        let event = try #require(outcome.first?.event)
        let signed = try #require(await again.event(event)?.event)
        #expect(signed.sequence == 4 && signed.previous == last.id)
        await again.close()
    }

    @Test
    func `P15: a node restored from before events that have expired everywhere signs none of their sequences again`()
        async throws
    {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let directory = network.configuration(1).dataDirectory
        let network = network
        let early = (0..<5).map { Envelope.sample($0, expiry: 20_460) }
        try await network.run([one, two]) {
            #expect(await one.publish(network.paid(Array(early[..<2]))).allSatisfy { $0.event != nil })
            try FileManager.default.copyItem(atPath: directory, toPath: directory + ".copy")
            #expect(await one.publish(network.paid(Array(early[2...]))).allSatisfy { $0.event != nil })
            #expect(await eventually { await two.status().events == 5 })
            network.log.setTime(UTCDay(number: 20_470).start)
            try await two.observe(network.log.head())
            try await two.observe(network.log.seal(6))
            #expect(await eventually { await standing(two) == [20_470, 0] })
        }
        let last = try #require(await two.chainHighest(of: 1))
        #expect(last.highest == 5)
        await one.close()
        try FileManager.default.removeItem(atPath: directory)
        try FileManager.default.moveItem(atPath: directory + ".copy", toPath: directory)
        let restored = try await network.node(1)
        try await network.run([restored, two]) {
            let paid = network.paid([.sample(9, expiry: 20_500)])
            #expect(await eventually { await restored.publish(paid).allSatisfy { $0.event != nil } })
            #expect(await eventually { await two.status().events == 1 })
            let message = try #require(await two.messages(in: paid[0].envelope.head.topic).first)
            #expect(message.event.event.sequence == 6 && message.event.event.previous == last.id)
        }
    }

    @Test func `nothing is dropped before the log key says that it is sealed, and a stranger's word counts nothing`()
        async throws
    {
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1)])
        #expect(await node.publish(network.paid([.sample(1, expiry: 20_460)])).allSatisfy { $0.event != nil })
        network.log.setTime(UTCDay(number: 20_490).start)
        try await node.observe(network.log.head())
        try await Eviction(core: node.core).advance()
        #expect(await node.status().events == 1)
        let forged = SignedSealNotice(
            notice: network.log.seal(9).notice, signature: SecretKey(seed: 5, label: "thief").sign(.zero))
        await #expect(throws: NodeError.headSignature) { try await node.observe(forged) }
        let other = TestLog(seed: 8).seal(9)
        await #expect(throws: NodeError.self) { try await node.observe(other) }
        try await Eviction(core: node.core).advance()
        #expect(await node.status().events == 1)
        try await node.observe(network.log.seal(1))
        try await Eviction(core: node.core).advance()
        #expect(await standing(node) == [20_460, 1])
        try await node.observe(network.log.seal(2))
        try await Eviction(core: node.core).advance()
        #expect(await standing(node) == [20_462, 0])
        await node.close()
    }

    @Test
    func `peers tell each other what the log key signed, so that a node without the service drops what others do`()
        async throws
    {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let network = network
        try await network.run([one, two]) {
            let paid = network.paid((0..<4).map { .sample($0, expiry: 20_460 + UInt32($0)) })
            #expect(await one.publish(paid).allSatisfy { $0.event != nil })
            #expect(await eventually { await two.status().events == 4 })
            network.log.setTime(UTCDay(number: 20_462).start)
            try await one.observe(network.log.head())
            try await one.observe(network.log.seal(2))
            #expect(
                await eventually {
                    let (first, second) = (await one.status(), await two.status())
                    return first.events == 2 && second.events == 2 && second.floor.number == 20_462 && second.isSynced
                }
            )
        }
    }
}
