import Channels
import Primitives
import Rewards
import Testing

@testable import Node

@Suite struct ProbeRoundTests {
    private let network = TestNetwork()

    private func observe(_ time: UInt64, _ nodes: [ReplicationNode]) async throws {
        network.log.setTime(time)
        for node in nodes { try await node.observe(network.log.head()) }
        let day = UTCDay(containing: time)
        for node in nodes {
            #expect(await eventually { await node.status().probedThrough == day })
        }
    }

    private func subject(_ node: ReplicationNode, epoch: UInt64, of peer: UInt32) async throws -> Observation.Subject? {
        try await node.observation(of: epoch).0.subjects.first { $0.node == peer }
    }

    @Test func `each midnight is a probe of each registered peer, and eight challenges where it answers`() async throws
    {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let day = UTCDay.seconds
        let test = self
        let network = network
        try await network.run([one, two]) {
            let both = [one, two]
            // Node 3 is registered and nowhere.
            let registry = one.core.registry.all + [network.registered(3, port: 1)]
            for node in both { await node.update(registry: registry) }
            try await test.observe(TestLog.start + 3_600, both)
            #expect(await one.publish(network.paid((0..<3).map { .sample($0) })).allSatisfy { $0.event != nil })
            #expect(await two.publish(network.paid((10..<20).map { .sample($0) })).allSatisfy { $0.event != nil })
            #expect(await eventually { [await one.status().events, await two.status().events] == [13, 13] })

            try await test.observe(TestLog.start + day + 5, both)
            for (node, peer) in [(one, 2), (two, 1)] as [(ReplicationNode, UInt32)] {
                let subject = try await test.subject(node, epoch: 1, of: peer)
                #expect(subject?.probes == 1 && subject?.answered == 1)
                #expect(subject?.challenges == 8 && subject?.passed == 8)
                let absent = try await test.subject(node, epoch: 1, of: 3)
                #expect(absent?.probes == 1 && absent?.answered == 0 && absent?.challenges == 0)
            }

            // Three midnights at once: the second of epoch 1, at its edge, and both of epoch 2.
            try await test.observe(TestLog.start + 4 * day, both)
            for node in both {
                let first = try await node.observation(of: 1).0.subjects
                let second = try await node.observation(of: 2).0.subjects
                #expect(first.map(\.probes) == [2, 2] && second.map(\.probes) == [2, 2])
                #expect(first.map(\.passed).max() == 16 && second.map(\.passed).max() == 16)
                #expect(try await node.observation(of: 3).0.subjects.isEmpty)
                let (observation, signature) = try await node.observation(of: 1)
                #expect(
                    signature.isBy(
                        network.key(node.core.number).address,
                        over: network.log.domain.digest(of: observation.statement)
                    )
                )
                let read = try Observation(canonicalBytes: observation.canonicalBytes)
                #expect(read == observation)
            }
            #expect(try await test.subject(one, epoch: 1, of: 2)?.firstDelivered == 10)
            #expect(try await test.subject(two, epoch: 1, of: 1)?.firstDelivered == 3)
        }
    }

    @Test func `a peer that has lost envelopes fails their challenges`() async throws {
        let one = try await network.node(1, period: .seconds(600))
        let two = try await network.node(2, period: .seconds(600))
        let test = self
        let network = network
        try await network.run([one, two]) {
            try await test.observe(TestLog.start + 3_600, [one, two])
            #expect(await one.publish(network.paid((0..<8).map { .sample($0) })).allSatisfy { $0.event != nil })
            #expect(await eventually { await two.status().events == 8 })
            try await two.core.store.loseEnvelopes(3)
            try await test.observe(TestLog.start + UTCDay.seconds, [one, two])
            let subject = try await test.subject(one, epoch: 1, of: 2)
            #expect(subject?.challenges == 8)
            #expect(subject?.passed == 5)
        }
    }

    @Test func `without events there are no challenges, and a receipt's head passes midnights too`() async throws {
        let one = try await network.node(1)
        let two = try await network.node(2)
        let test = self
        let network = network
        try await network.run([one, two]) {
            try await test.observe(TestLog.start + 3_600, [one, two])
            try await test.observe(TestLog.start + UTCDay.seconds, [one, two])
            #expect(try await test.subject(one, epoch: 1, of: 2)?.challenges == 0)
            network.log.setTime(TestLog.start + 2 * UTCDay.seconds)
            #expect(await one.publish(network.paid([.sample(1)])).first?.event != nil)
            for node in [one, two] {
                #expect(
                    await eventually {
                        await node.status().probedThrough == UTCDay(containing: TestLog.start + 2 * UTCDay.seconds)
                    }
                )
            }
            #expect(try await test.subject(one, epoch: 1, of: 2)?.probes == 2)
            #expect(try await test.subject(two, epoch: 1, of: 1)?.probes == 2)
        }
    }

    @Test func `midnights that pass while a node is down are not probed, counts survive a restart`() async throws {
        let one = try await network.node(1)
        var two = try await network.node(2)
        let before = two
        let test = self
        let network = network
        let day = UTCDay.seconds
        try await network.run([one, before]) {
            try await test.observe(TestLog.start + 10, [one, before])
            try await test.observe(TestLog.start + day, [one, before])
        }
        await two.close()
        try await network.run([one]) {
            await one.update(registry: one.core.registry.all + [network.registered(2, port: 1)])
            try await test.observe(TestLog.start + 2 * day, [one])
        }
        two = try await network.node(2)
        let after = two
        try await network.run([one, after]) {
            #expect(await eventually { [await one.status().isSynced, await after.status().isSynced] == [true, true] })
            try await test.observe(TestLog.start + 3 * day, [one, after])
            try await test.observe(TestLog.start + 4 * day, [one, after])
            #expect(try await test.subject(after, epoch: 1, of: 1)?.probes == 1)
            #expect(try await test.subject(after, epoch: 2, of: 1)?.probes == 1)
            #expect(try await test.subject(one, epoch: 1, of: 2)?.probes == 2)
            #expect(try await test.subject(one, epoch: 1, of: 2)?.answered == 1)
            #expect(try await test.subject(one, epoch: 2, of: 2)?.probes == 2)
            #expect(try await test.subject(one, epoch: 2, of: 2)?.answered == 2)
        }
    }
}

extension EventStore {
    /// Forgets some envelopes, as a failing disk would.
    fileprivate func loseEnvelopes(_ count: Int) throws {
        try database.run("DELETE FROM envelope WHERE charge IN (SELECT charge FROM envelope LIMIT \(count))")
    }
}
