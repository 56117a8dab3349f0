import Channels
import Primitives
import Testing

@testable import Node

@Suite struct DeletionTests {
    private let network = TestNetwork()
    private let owner = SecretKey(seed: 1, label: "owner")

    private var topic: Topic { Topic(owner: owner.address, salt: Bytes32(integer: 77)) }

    private func deletion(_ envelope: Envelope, by key: SecretKey? = nil) -> Deletion {
        let statement = DeletionStatement(topic: envelope.head.topic, envelopeHash: envelope.hash)
        return Deletion(
            head: envelope.head, topic: topic,
            signature: (key ?? owner).sign(network.log.domain.digest(of: statement)))
    }

    private func order(_ wire: WireEvent, _ deletion: Deletion) -> WireEvent {
        WireEvent(event: wire.event, signature: wire.signature, envelope: deletion.canonicalBytes)
    }

    @Test func `a deleted message is shown no more, its charge is delivered all the same, and its payload is gone`()
        async throws
    {
        var one = TestOriginator(1, log: network.log)
        let envelopes = (0..<3).map { Envelope.sample($0, in: topic.id) }
        let wires = envelopes.map { one.next($0) }
        let store = try await network.store(1)
        _ = try await store.admit(try wires.map { try $0.unchecked() }, from: nil, head: nil)
        let order = order(wires[1], deletion(envelopes[1]))
        #expect(try await store.admit([try order.unchecked()], from: nil, head: nil).results == [.new])
        #expect(try await store.admit([try order.unchecked()], from: nil, head: nil).results == [.known])
        #expect(try await store.messages(in: topic.id, after: nil, limit: 9).map(\.id) == [wires[0].id, wires[2].id])
        #expect(try await store.envelopeBytes(wires[1].id) == nil)
        #expect(try await store.charges(of: 1).runs.map(\.count) == [3])
        #expect(await store.state().count == 4)
        // The payload that comes again stays out.
        #expect(try await store.admit([try wires[1].unchecked()], from: nil, head: nil).results == [.known])
        let alias = try TestOriginator(2, log: network.log).event(
            envelopes[1], receipt: Receipt(canonicalBytes: Event(canonicalBytes: wires[1].event).receipt), sequence: 1)
        #expect(try await store.admit([try alias.unchecked()], from: nil, head: nil).results == [.new])
        #expect(try await store.envelopeBytes(alias.id) == nil)
    }

    @Test(arguments: [SetReconciler(), SetReconciler(ways: [.sketch]), SetReconciler(ways: [.tree])])
    func `an order to delete heals as events do, also to who never saw the message`(_ reconciler: SetReconciler)
        async throws
    {
        var one = TestOriginator(1, log: network.log)
        let envelopes = (0..<9).map { Envelope.sample($0, in: topic.id) }
        let wires = envelopes.map { one.next($0) }
        let deleted = try await network.store(1)
        _ = try await deleted.admit(try wires.map { try $0.unchecked() }, from: nil, head: nil)
        for place in [2, 5] {
            let order = order(wires[place], deletion(envelopes[place]))
            _ = try await deleted.admit([try order.unchecked()], from: nil, head: nil)
        }
        let before = try await network.store(2)
        _ = try await before.admit(try wires.map { try $0.unchecked() }, from: nil, head: nil)
        let empty = try await network.store(3)
        for store in [before, empty] {
            #expect(try await reconciler.reconcile(StoreReplica(store: store), with: StoreSource(deleted)))
            #expect(await store.state() == deleted.state())
            #expect(try await store.messages(in: topic.id, after: nil, limit: 9).count == 7)
            #expect(try await store.envelopeBytes(wires[2].id) == nil)
        }
    }

    @Test
    func
        `an order is about a charge: of two that paid for one message each needs its own, and nodes see the difference`()
        async throws
    {
        let envelope = Envelope.sample(1, in: topic.id)
        var one = TestOriginator(1, log: network.log)
        let wires = [one.next(envelope), one.next(envelope)]
        let left = try await network.store(1)
        let right = try await network.store(2)
        for (store, place) in [(left, 0), (right, 1)] {
            _ = try await store.admit(try wires.map { try $0.unchecked() }, from: nil, head: nil)
            let order = order(wires[place], deletion(envelope))
            _ = try await store.admit([try order.unchecked()], from: nil, head: nil)
        }
        #expect(await left.state() != right.state())
        _ = try await SetReconciler().reconcile(StoreReplica(store: left), with: StoreSource(right))
        #expect(try await SetReconciler().reconcile(StoreReplica(store: right), with: StoreSource(left)))
        for store in [left, right] {
            #expect(await store.state().count == 4)
            #expect(try await store.messages(in: topic.id, after: nil, limit: 9).isEmpty)
        }
    }

    @Test func `a second order for a deleted message changes nothing, whatever its signature`() async throws {
        let envelope = Envelope.sample(1, in: topic.id)
        var one = TestOriginator(1, log: network.log)
        let wire = one.next(envelope)
        let first = deletion(envelope)
        let store = try await network.store(1)
        _ = try await store.admit([try order(wire, first).unchecked()], from: nil, head: nil)
        let state = await store.state()
        for seed in 0..<9 as Range<UInt64> {
            let other = Deletion(
                head: first.head, topic: first.topic, signature: SecretKey(seed: seed, label: "x").sign(.zero))
            let report = try await store.admit([try order(wire, other).unchecked()], from: nil, head: nil)
            #expect(report.results == [.known] && report.admitted.isEmpty)
        }
        #expect(await store.state() == state)
    }

    @Test(arguments: [false, true])
    func `an originator that contradicts itself brings no deleted payload back, and the order goes on`(
        _ isSmallerFirst: Bool
    ) async throws {
        let envelope = Envelope.sample(1, in: topic.id)
        let receipt = network.log.charge([envelope])[0]
        var forger = TestOriginator(1, log: network.log)
        let first = forger.event(envelope, receipt: receipt, sequence: 1)
        (forger.sequence, forger.previous) = (1, first.id)
        let again = forger.event(envelope, receipt: receipt, sequence: 2)
        let pair = (first.id < again.id) == isSmallerFirst ? [first, again] : [again, first]
        let store = try await network.store(1)
        _ = try await store.admit([try pair[0].unchecked()], from: nil, head: nil)
        _ = try await store.admit([try order(pair[0], deletion(envelope)).unchecked()], from: nil, head: nil)
        _ = try await store.admit([try pair[1].unchecked()], from: nil, head: nil)
        // The order comes with the event that is refused, perhaps.
        let other = try await network.store(2)
        _ = try await other.admit([try pair[0].unchecked()], from: nil, head: nil)
        _ = try await other.admit([try order(pair[1], deletion(envelope)).unchecked()], from: nil, head: nil)
        let fresh = try await network.store(3)
        #expect(try await SetReconciler().reconcile(StoreReplica(store: fresh), with: StoreSource(store)))
        for store in [store, other, fresh] {
            #expect(try await store.messages(in: topic.id, after: nil, limit: 9).isEmpty)
            #expect(try await store.envelopeBytes(min(first.id, again.id)) == nil)
            #expect(try await store.checkTables().isEmpty)
            #expect(await store.state() == fresh.state())
        }
    }

    @Test func `nobody is challenged on what was deleted or expires by then`() async throws {
        var one = TestOriginator(1, log: network.log)
        let envelopes = (0..<30).map { Envelope.sample($0, in: topic.id, expiry: $0 < 20 ? 20_480 : 20_470) }
        let wires = envelopes.map { one.next($0) }
        let store = try await network.store(1)
        _ = try await store.admit(try wires.map { try $0.unchecked() }, from: nil, head: nil)
        for place in 0..<10 {
            _ = try await store.admit(
                [try order(wires[place], deletion(envelopes[place])).unchecked()], from: nil, head: nil)
        }
        let points = ProbeProofs.points(seed: 1, day: UTCDay(number: 1), observer: 1, subject: 2, count: 64)
        let picked = try await store.pick(
            points: points, in: [.one], epoch: 9, arrival: .max, after: UTCDay(number: 20_470))
        #expect(Set(picked) == Set(wires[10..<20].map(\.id)))
    }

    @Test func `only the topic's owner deletes, and the order spreads to all nodes`() async throws {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let envelope = Envelope.sample(1, in: topic.id)
        let other = Envelope.sample(2, in: topic.id)
        let (network, topic) = (network, topic)
        let good = deletion(envelope)
        let stranger = deletion(envelope, by: SecretKey(seed: 2, label: "thief"))
        let elsewhere = deletion(other)
        try await network.run([one, two]) {
            #expect(await one.publish(network.paid([envelope])).allSatisfy { $0.event != nil })
            #expect(await eventually { await two.messages(in: topic.id).count == 1 })
            let refused = [
                try await two.delete(good, charge: 9), try await two.delete(elsewhere, charge: 1),
                try await two.delete(stranger, charge: 1),
            ]
            #expect(refused == [.notHeld, .otherMessage, .refused(.signature)])
            #expect(await two.messages(in: topic.id).count == 1)
            let done = [try await two.delete(good, charge: 1), try await two.delete(good, charge: 1)]
            #expect(done == [.deleted, .known])
            #expect(await eventually { await one.messages(in: topic.id).isEmpty })
        }
    }

    @Test func `a forged order that a peer brings is refused, and the payload stays`() async throws {
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1), network.registered(2, port: 2)])
        var two = TestOriginator(2, log: network.log)
        let envelope = Envelope.sample(1, in: topic.id)
        let wire = two.next(envelope)
        #expect(try await node.core.take([wire], from: 2).results == [.new])
        let forged = order(wire, deletion(envelope, by: SecretKey(seed: 3, label: "thief")))
        #expect(try await node.core.take([forged], from: 2).results == [.refused])
        #expect(await node.messages(in: topic.id).count == 1)
        let good = order(wire, deletion(envelope))
        #expect(try await node.core.take([good], from: 2).results == [.new])
        #expect(await node.messages(in: topic.id).isEmpty)
        await node.close()
    }
}
