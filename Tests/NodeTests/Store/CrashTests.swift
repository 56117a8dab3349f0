import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct CrashTests {
    private let network = TestNetwork()
    private static let owner = SecretKey(seed: 1, label: "owner")

    /// What happens to a node, always the same.
    private struct Acts: Sendable {
        let own: [(envelope: Envelope, receipt: Receipt)]
        let taken: [WireEvent]
        let deletion: Deletion
        let deleted: UInt64
        let head: SignedHead
        let seal: SignedSealNotice

        /// As far as it gets.
        func happen(to node: ReplicationNode) async {
            _ = await node.publish(own)
            _ = try? await node.core.take(taken, from: 2)
            _ = try? await node.delete(deletion, charge: deleted)
            do {
                try await node.observe(head)
                try await node.observe(seal)
                try await Eviction(core: node.core).advance()
            } catch {
                // The process is dead.
            }
        }
    }

    private func acts() -> Acts {
        let topic = Topic(owner: Self.owner.address, salt: .zero)
        let own = network.paid([
            .sample(1, in: topic.id), .sample(2, in: topic.id, expiry: 20_460), .sample(3, in: topic.id),
        ])
        var two = TestOriginator(2, log: network.log)
        // One that expires, an alias of an own message, and one that contradicts another.
        let taken = [
            two.next(.sample(4, in: topic.id, expiry: 20_460)), two.next(own[0].envelope, receipt: own[0].receipt),
            two.event(.sample(5), receipt: network.log.charge([.sample(5)])[0], sequence: 1),
        ]
        let head = own[2].envelope.head
        let statement = DeletionStatement(topic: topic.id, envelopeHash: head.hash)
        let deletion = Deletion(
            head: head, topic: topic, signature: Self.owner.sign(network.log.domain.digest(of: statement)))
        network.log.setTime(UTCDay(number: 20_470).start)
        return Acts(
            own: own, taken: taken, deletion: deletion, deleted: own[2].receipt.charge.number, head: network.log.head(),
            seal: network.log.seal(5))
    }

    private func place(_ name: String) -> SimulatedNode {
        var configuration = network.configuration(1)
        configuration.dataDirectory += name
        configuration.limits.chainTimeout = .zero
        return SimulatedNode(configuration, behaviour: nil)
    }

    /// Charges that are held and shown, the floor, and how much evidence there is.
    private func standing(_ node: ReplicationNode) async -> [UInt64] {
        let topic = Topic(owner: Self.owner.address, salt: .zero).id
        let status = await node.status()
        return [status.events, status.messages, UInt64(status.floor.number), status.evidence]
            + (await node.messages(in: topic).map(\.charge))
    }

    @Test(.timeLimit(.minutes(5)))
    func `P7: a crash at any statement of publishing, admission, deletion and eviction leaves a store without a fault`()
        async throws
    {
        let acts = acts()
        let registry = (1...2).map { network.registered($0, port: 1) }
        let whole = place("whole")
        try await whole.start(registry, peers: [2])
        await acts.happen(to: try #require(whole.node))
        let expected = await standing(try #require(whole.node))
        #expect(expected.count > 4 && expected[3] > 0)
        await whole.stop()
        var statements = 0
        while true {
            let place = place("\(statements)")
            try await place.start(registry, peers: [2])
            let node = try #require(place.node)
            place.die(after: statements)
            await acts.happen(to: node)
            guard place.node == nil else {
                await place.stop()
                break
            }
            await place.bury()
            try await place.start(registry, peers: [2])
            let again = try #require(place.node)
            let faults = try await again.core.check()
            #expect(faults.isEmpty, "statement \(statements): \(faults)")
            await acts.happen(to: again)
            #expect(await standing(again) == expected, "statement \(statements)")
            #expect(try await again.core.check().isEmpty, "statement \(statements), done again")
            await place.stop()
            statements += 1
        }
        #expect(statements > 60)
    }

    @Test func `P7: what a repair that died has left is in nobody's way`() async throws {
        let acts = acts()
        let place = place("")
        try await place.start((1...2).map { network.registered($0, port: 1) }, peers: [2])
        await acts.happen(to: try #require(place.node))
        let expected = await standing(try #require(place.node))
        await place.stop()
        let directory = place.configuration.dataDirectory
        let files = FileManager.default
        try files.createDirectory(atPath: directory + "/repair", withIntermediateDirectories: true)
        for name in ["/repair/node.sqlite", "/" + NodeStore.damagedName] {
            #expect(files.createFile(atPath: directory + name, contents: Data("half a file".utf8)))
        }
        for _ in 0..<2 {
            _ = try await NodeStore.repair(directory: directory) { _ in }
            try await place.start((1...2).map { network.registered($0, port: 1) }, peers: [2])
            let node = try #require(place.node)
            var found = await standing(node)
            // The contradiction is seen between other events, now that one of them has expired.
            #expect(found[3] >= expected[3])
            found[3] = expected[3]
            #expect(found == expected)
            #expect(try await node.core.check().isEmpty)
            await place.stop()
        }
        #expect(!files.fileExists(atPath: directory + "/repair"))
    }
}
