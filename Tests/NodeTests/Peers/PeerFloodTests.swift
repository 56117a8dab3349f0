import Channels
import Primitives
import Synchronization
import Testing

@testable import Node

@Suite struct PeerFloodTests {
    private let network = TestNetwork()

    /// How often a check asked for a key and for a head's signature before it refused.
    private func work(_ wire: WireEvent) -> (refusal: EventRefusal?, keys: Int, heads: Int) {
        let keys = Mutex(0)
        let heads = Mutex(0)
        let key = SecretKey(seed: 1, label: "node").address
        var refusal: EventRefusal?
        do throws(EventRefusal) {
            _ = try AdmissionRules(network.log.genesis).check(
                wire,
                key: { number in
                    keys.withLock { $0 += 1 }
                    return number == 1 ? key : nil
                },
                isTrusted: { _ in
                    heads.withLock { $0 += 1 }
                    return false
                })
        } catch {
            refusal = error
        }
        return (refusal, keys.withLock { $0 }, heads.withLock { $0 })
    }

    @Test func `P17: what costs a signature is looked at last`() {
        var one = TestOriginator(1, log: network.log)
        var stranger = TestOriginator(9, log: network.log)
        let good = one.next(.sample(1))
        let other = one.next(.sample(2))
        func wire(_ event: [UInt8], _ envelope: [UInt8]) -> WireEvent {
            WireEvent(event: event, signature: good.signature, envelope: envelope)
        }
        #expect(work(good) == (.receipt(.headSignature), 1, 1))
        for (wire, keys) in [
            (wire(Array(good.event.dropLast()), good.envelope), 0), (stranger.next(.sample(3)), 1),
            (wire(good.event, []), 1), (wire(good.event, other.envelope), 1), (wire(other.event, other.envelope), 1),
        ] {
            let found = work(wire)
            #expect(
                found.refusal != nil && found.keys == keys && found.heads == 0, "\(String(describing: found.refusal))")
        }
        // Were the signature looked at before the form, the size and the receipt, it would be what is named.
        let unpaid = one.event(.sample(5), receipt: network.log.charge([.sample(6)])[0], sequence: 3)
        let broken = WireEvent(event: unpaid.event, signature: good.signature, envelope: unpaid.envelope)
        #expect(work(broken).refusal == .receipt(.otherEnvelope))
    }

    @Test func `P17: beside 100,000 tips and 100,000 other topics an event costs as many statements as before`()
        async throws
    {
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1)])
        let counted = Mutex(0)
        await node.core.store.disturb { _ throws(SQLiteFailure) in counted.withLock { $0 += 1 } }
        func publish(_ number: UInt64) async throws -> (statements: Int, links: Int) {
            counted.withLock { $0 = 0 }
            let event = try #require(await node.publish(network.paid([.sample(number)])).first?.event)
            let statements = counted.withLock { $0 }
            return (statements, await node.event(event)?.event.links.count ?? -1)
        }
        _ = try await publish(1)
        _ = try await publish(2)
        try await node.core.store.flood(Envelope.sample(1).head.topic, count: 6)
        let few = try await publish(3)
        try await node.core.store.flood(Envelope.sample(1).head.topic, count: 100_000)
        for number in 4...8 as ClosedRange<UInt64> {
            let found = try await publish(number)
            #expect(found == few && found.links == Event.linksOwn)
        }
        await node.close()
    }

    @Test func `P17: what was refused for good is refused again without a look at the disk or a signature`()
        async throws
    {
        let node = try await network.node(1)
        await node.update(registry: (1...2).map { network.registered($0, port: 1) })
        var two = TestOriginator(2, log: network.log)
        let envelope = Envelope.sample(1)
        let bad = two.next(envelope, receipt: network.log.charge([.sample(2)])[0])
        let wire = WireEvent(event: bad.event, signature: bad.signature, envelope: Envelope.sample(2).wireBytes)
        let first = try await node.core.take([bad], from: 2)
        #expect(first.results == [.refused])
        let counted = Mutex(0)
        await node.core.store.disturb { _ throws(SQLiteFailure) in counted.withLock { $0 += 1 } }
        for _ in 0..<50 {
            #expect(try await node.core.take([bad, wire, bad], from: 2).results == [.refused, .refused, .refused])
        }
        #expect(counted.withLock { $0 } == 0)
        await node.close()
    }

    @Test func `P18: what a peer that takes nothing is to be pushed is bounded, and the rest of it is fetched`()
        async throws
    {
        var configuration = network.configuration(1)
        configuration.limits.pushQueueEvents = 20
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: (1...2).map { network.registered($0, port: 1) })
        let link = node.core.peers.link(to: 2)
        link.connected(nil)
        #expect(await node.publish(network.paid((0..<200).map { .sample($0) })).allSatisfy { $0.event != nil })
        var queued = 0
        while true {
            let batch = link.nextPush()
            guard !batch.isEmpty else { break }
            queued += batch.count
        }
        #expect(queued == 20)
        let behind = try await network.node(2)
        await behind.update(registry: (1...2).map { network.registered($0, port: 1) })
        let source = StoreSource(node.core.store)
        #expect(try await SetReconciler().reconcile(HealedReplica(core: behind.core, peer: 1), with: source))
        #expect(await behind.status().events == 200)
        for node in [node, behind] { await node.close() }
    }
}

extension EventStore {
    /// As many tips of a topic, and other topics, as would come from as many events of strangers.
    fileprivate func flood(_ topic: Bytes32, count: Int) throws {
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < \(count))"
        try transaction { () throws(SQLiteFailure) in
            try database.run("\(numbers) INSERT OR IGNORE INTO tip SELECT ?, randomblob(32) FROM n", [.id(topic)])
            try database.run("\(numbers) INSERT OR IGNORE INTO topic SELECT randomblob(32), 1 FROM n")
        }
    }
}
