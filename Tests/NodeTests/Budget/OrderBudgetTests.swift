import Channels
import Primitives
import Testing

@testable import Node

@Suite struct OrderBudgetTests {
    private let network = TestNetwork()
    private let owner = SecretKey(seed: 1, label: "owner")

    private var topic: Topic { Topic(owner: owner.address, salt: Bytes32(integer: 77)) }

    private func order(_ wire: WireEvent, _ envelope: Envelope, by key: SecretKey) -> WireEvent {
        let statement = DeletionStatement(topic: envelope.head.topic, envelopeHash: envelope.hash)
        let deletion = Deletion(
            head: envelope.head, topic: topic, signature: key.sign(network.log.domain.digest(of: statement)))
        return WireEvent(event: wire.event, signature: wire.signature, envelope: deletion.canonicalBytes)
    }

    private func node() async throws -> ReplicationNode {
        var configuration = network.configuration(1)
        // Nothing comes back within the test.
        configuration.limits.uselessOrders = BudgetRate(perSecond: 1, burst: 3_000)
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: (1...3).map { network.registered($0, port: 1) })
        return node
    }

    @Test func `a peer that brings forged orders is not listened to about deletions, others are, and events go on`()
        async throws
    {
        let node = try await node()
        var two = TestOriginator(2, log: network.log)
        let envelopes = (0..<4).map { Envelope.sample($0, in: topic.id) }
        let wires = envelopes.map { two.next($0) }
        #expect(try await node.core.take(Array(wires[..<3]), from: 2).results == [.new, .new, .new])
        let forged = order(wires[0], envelopes[0], by: SecretKey(seed: 2, label: "thief"))
        for _ in 0..<12 { _ = try await node.core.take(Array(repeating: forged, count: 256), from: 3) }
        let good = order(wires[0], envelopes[0], by: owner)
        #expect(try await node.core.take([good], from: 3).results == [.known])
        #expect(await node.messages(in: topic.id).count == 3)
        #expect(node.unreadOrders > 0)
        // Its events are taken as before, and the order from whoever else brings it, or from a client.
        #expect(try await node.core.take([wires[3]], from: 3).results == [.new])
        #expect(try await node.core.take([good], from: 2).results == [.new])
        let own = Deletion(
            head: envelopes[1].head, topic: topic,
            signature: owner.sign(
                network.log.domain.digest(
                    of: DeletionStatement(topic: topic.id, envelopeHash: envelopes[1].hash))))
        let charge = try Receipt(canonicalBytes: Event(canonicalBytes: wires[1].event).receipt).charge.number
        #expect(try await node.delete(own, charge: charge) == .deleted)
        #expect(await node.messages(in: topic.id).count == 2)
        await node.close()
    }

    @Test func `orders that are new cost nothing, however many`() async throws {
        var configuration = network.configuration(1)
        configuration.limits.uselessOrders = BudgetRate(perSecond: 1, burst: 1)
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: (1...3).map { network.registered($0, port: 1) })
        var two = TestOriginator(2, log: network.log)
        let envelopes = (0..<40).map { Envelope.sample($0, in: topic.id) }
        for envelope in envelopes {
            let order = order(two.next(envelope), envelope, by: owner)
            #expect(try await node.core.take([order], from: 3).results == [.new])
        }
        #expect(node.unreadOrders == 0)
        await node.close()
    }
}
