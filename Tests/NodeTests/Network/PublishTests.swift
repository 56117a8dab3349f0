import Channels
import Primitives
import Testing

@testable import Node

@Suite struct PublishTests {
    private let network = TestNetwork()

    private func alone() async throws -> ReplicationNode {
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1)])
        return node
    }

    @Test func `what is accepted is acknowledged by the node's key and held, again with the same answer`() async throws
    {
        let node = try await alone()
        let batch = network.paid([.sample(1), .sample(2)])
        let outcomes = await node.publish(batch)
        for (item, outcome) in zip(batch, outcomes) {
            guard case .accepted(let acknowledgement, let signature, let event) = outcome else {
                Issue.record("refused: \(outcome)")
                continue
            }
            #expect(acknowledgement.node == 1 && acknowledgement.event == event)
            #expect(acknowledgement.charge == item.receipt.charge.number)
            #expect(acknowledgement.envelopeHash == item.envelope.hash)
            #expect(acknowledgement.time == network.log.head().head.time)
            let digest = network.log.domain.digest(of: acknowledgement.statement)
            #expect(signature.isBy(network.key(1).address, over: digest))
            #expect(await node.envelope(event) == item.envelope)
            #expect(await node.event(event)?.isBy(network.key(1).address, in: network.log.domain) == true)
        }
        network.log.setTime(TestLog.start + 86_400)
        try await node.observe(network.log.head())
        #expect(await node.publish(batch) == outcomes, "even after the deadline")
        #expect(await node.publish([batch[1], batch[1]]) == [outcomes[1], outcomes[1]])
        #expect(await node.status().events == 2)
    }

    @Test func `one bad envelope spoils nothing of its batch`() async throws {
        let node = try await alone()
        let good = network.paid([.sample(1), .sample(2)])
        let swapped = (envelope: good[0].envelope, receipt: good[1].receipt)
        let forged = (
            envelope: Envelope.sample(3), receipt: TestLog(seed: 2).charge([.sample(3)])[0]
        )
        let outcomes = await node.publish([good[0], swapped, forged, good[1]])
        #expect(outcomes.map { $0.event == nil } == [false, true, true, false])
        #expect(outcomes[1].refusal == .event(.receipt(.otherEnvelope)))
        #expect(outcomes[2].refusal == .event(.receipt(.otherLog)))
        #expect(outcomes.compactMap(\.refusal?.code) == ["other_envelope", "receipt"])
        #expect(await node.chainHighest(of: 1)?.highest == 2)
    }

    @Test func `after its deadline a charge is refused here, and accepted as another node's event`() async throws {
        let node = try await alone()
        let late = network.paid([.sample(1)])
        let publishBy = late[0].receipt.charge.publishBy
        network.log.setTime(publishBy)
        let onTime = network.paid([.sample(2)])
        #expect(await node.publish(onTime).allSatisfy { $0.event != nil })
        #expect(await node.publish(late).first?.event != nil, "the deadline itself is in time")
        let other = network.paid([.sample(3)])
        network.log.setTime(other[0].receipt.charge.publishBy + 1)
        try await node.observe(network.log.head())
        let refusal = await node.publish(other).first?.refusal
        #expect(
            refusal
                == .late(
                    time: other[0].receipt.charge.publishBy + 1,
                    publishBy: other[0].receipt.charge.publishBy
                )
        )
        #expect(refusal?.isRetryable == false && refusal?.code == "late")
        await node.update(registry: [network.registered(1, port: 1), network.registered(2, port: 2)])
        let event = TestOriginator(2, log: network.log)
            .event(other[0].envelope, receipt: other[0].receipt, sequence: 1)
        #expect(try await node.core.take([event], from: 2).results == [.new])
    }

    @Test func `a charge that another node's event carries is acknowledged with that event`() async throws {
        let node = try await alone()
        await node.update(registry: [network.registered(1, port: 1), network.registered(2, port: 2)])
        let paid = network.paid([.sample(1)])
        let event = TestOriginator(2, log: network.log).event(paid[0].envelope, receipt: paid[0].receipt, sequence: 1)
        _ = try await node.core.take([event], from: 2)
        #expect(await node.publish(paid).first?.event == event.id)
        #expect(await node.status().events == 1)
    }

    @Test func `a node that is not registered, or under another key, takes nothing`() async throws {
        let node = try await network.node(1)
        let batch = network.paid([.sample(1)])
        #expect(await node.publish(batch).first?.refusal == .unregistered)
        await node.update(registry: [network.registered(2, port: 1)])
        #expect(await node.publish(batch).first?.refusal == .unregistered)
        var forged = network.registered(1, port: 1)
        forged = RegisteredNode(
            number: 1,
            registration: network.registered(2, port: 1).registration,
            operatorSignature: forged.operatorSignature,
            nodeSignature: forged.nodeSignature
        )
        await node.update(registry: [forged])
        #expect(node.core.registry.all.isEmpty, "entries whose signatures are not good are left out")
        #expect(await node.publish(batch).first?.refusal?.isRetryable == true)
    }

    @Test func `a batch above the limit is refused whole`() async throws {
        var configuration = network.configuration(1)
        configuration.limits.publishBatch = 1
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: [network.registered(1, port: 1)])
        let outcomes = await node.publish(network.paid([.sample(1), .sample(2)]))
        #expect(outcomes.map(\.refusal) == [.batchTooLarge(limit: 1), .batchTooLarge(limit: 1)])
        #expect(await node.status().events == 0)
    }

    @Test func `heads of another log or key are refused, and the time never goes back`() async throws {
        let node = try await alone()
        let elsewhere = TestLog(seed: 2)
        await #expect(
            throws: NodeError.headOfOtherLog(found: elsewhere.genesis.logID, expected: network.log.genesis.logID)
        ) { try await node.observe(elsewhere.head()) }
        let head = network.log.head().head
        let forged = SignedHead(
            head: head,
            signature: elsewhere.key.sign(network.log.domain.digest(of: head.statement))
        )
        await #expect(throws: NodeError.headSignature) { try await node.observe(forged) }
        #expect(await node.status().time == 0)
        network.log.setTime(TestLog.start + 9_000)
        try await node.observe(network.log.head())
        network.log.setTime(TestLog.start + 8_000)
        try await node.observe(network.log.head())
        #expect(await node.status().time == TestLog.start + 9_000)
    }

    @Test func `broken copies of an event do not keep the good one out`() async throws {
        let node = try await alone()
        await node.update(registry: [network.registered(1, port: 1), network.registered(2, port: 2)])
        var originator = TestOriginator(2, log: network.log)
        let good = originator.next(.sample(1))
        var generator = SplitMix64(seed: 1)
        var broken: [WireEvent] = []
        for _ in 0..<50 {
            var (event, signature, envelope) = (good.event, good.signature, good.envelope)
            switch Int.random(in: 0..<3, using: &generator) {
            case 0: event[Int.random(in: event.indices, using: &generator)] ^= 1
            case 1: signature[Int.random(in: signature.indices, using: &generator)] ^= 1
            default: envelope[Int.random(in: envelope.indices, using: &generator)] ^= 1
            }
            broken.append(WireEvent(event: event, signature: signature, envelope: envelope))
        }
        #expect(try await node.core.take(broken, from: 2).results.allSatisfy { $0 == .refused })
        let status = await node.status()
        #expect(status.events == 0 && status.time == 0)
        #expect(try await node.core.take([good, good], from: 2).results == [.new, .known])
        #expect(try await node.delivered(in: 1).0.charges.contains(1))
    }
}
