import Channels
import Primitives
import Testing

@testable import Node

/// Shards between nodes that are connected.
@Suite struct HandOverTests {
    private static let sharding = Sharding(bits: 2, replication: 1) ?? .none

    private func envelopes(_ count: UInt64) -> [Envelope] {
        (0..<count).map { .sample($0, topic: $0, shardBits: Self.sharding.bits) }
    }

    /// Whether each shard is held by whom it is assigned to, and nobody else.
    private func areMoved(_ nodes: [ReplicationNode], by map: ShardMap) async -> Bool {
        for node in nodes {
            let held = Set(await node.core.store.held)
            if held != map.shards(of: node.number) { return false }
        }
        return true
    }

    /// How many messages of a topic each node shows.
    private func counts(_ nodes: [ReplicationNode], _ topic: Bytes32) async -> [Int] {
        var counts: [Int] = []
        for node in nodes { counts.append(await node.messages(in: topic).count) }
        return counts
    }

    private func move(
        to members: [UInt32], _ nodes: [ReplicationNode], _ registry: [RegisteredNode], _ genesis: Genesis
    ) async {
        for node in nodes { await node.update(registry: registry, members: members) }
        let map = ShardMap(genesis, nodes: registry.filter { members.contains($0.number) })
        let isMoved = await eventually { await areMoved(nodes, by: map) }
        #expect(isMoved, "\(members)")
        for envelope in envelopes(24) {
            let holders = map.holders(of: Self.sharding.shard(ofTopic: envelope.head.topic))
            let counts = await counts(nodes, envelope.head.topic)
            #expect(counts == nodes.map { holders.contains($0.number) ? 1 : 0 })
        }
    }

    @Test(.timeLimit(.minutes(5)))
    func `shards move to nodes that come, and what was acknowledged is there and nowhere else`() async throws {
        let network = TestNetwork(sharding: Self.sharding)
        let nodes = [try await network.node(1), try await network.node(2), try await network.node(3)]
        var registry: [RegisteredNode] = []
        for node in nodes { registry.append(network.registered(node.number, port: try await node.bind())) }
        let registered = registry
        try await network.run(nodes) {
            for node in nodes { await node.update(registry: registered, members: [1]) }
            let isTaken = await eventually { await nodes[0].core.store.held.count == 4 }
            #expect(isTaken)
            let outcomes = await nodes[0].publish(network.paid(envelopes(24)))
            #expect(outcomes.allSatisfy { $0.event != nil })
            await move(to: [2, 3], nodes, registered, network.log.genesis)
            await move(to: [1, 2, 3], nodes, registered, network.log.genesis)
            await move(to: [3], nodes, registered, network.log.genesis)
        }
    }

    @Test func `a shard that is wanted again while it is deleted is taken when it is gone`() async throws {
        let network = TestNetwork(sharding: Self.sharding)
        let node = try await network.node(1)
        let registry = [network.registered(1, port: 1), network.registered(2, port: 1)]
        await node.update(registry: registry, members: [1])
        try await ShardKeeper(core: node.core).advance()
        for survey in await node.core.store.survey() { _ = try await node.core.store.letGo(survey) }
        #expect(await node.core.store.held.isEmpty)
        _ = await node.core.shardsWanted.wait(atMost: .zero)
        // The keeper finds them wanted, and deletes what is left first.
        try await ShardKeeper(core: node.core).advance()
        #expect(await node.core.shardsWanted.wait(atMost: .seconds(60)))
        try await ShardKeeper(core: node.core).advance()
        #expect(await node.core.store.held.count == 4)
    }

    @Test func `an envelope of another shard is refused with where its holders are, signed by nobody`() async throws {
        let network = TestNetwork(sharding: Self.sharding)
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1), network.registered(2, port: 1)])
        try await ShardKeeper(core: node.core).advance()
        let map = try #require(node.core.holdings.map)
        for (envelope, receipt) in network.paid(envelopes(16)) {
            let shard = Self.sharding.shard(ofTopic: envelope.head.topic)
            let outcome = try #require(await node.publish([(envelope, receipt)]).first)
            let place = await node.place(ofTopic: envelope.head.topic)
            #expect(place.shard == shard && place.isHeld == (map.holders(of: shard) == [1]))
            guard map.holders(of: shard) == [2] else { continue }
            #expect(outcome.refusal == .foreign(shard, holders: ["127.0.0.1:1"]))
            let refusal = try #require(outcome.refusal)
            #expect(node.signedRefusal(of: receipt.charge, for: refusal) == nil)
            #expect(!refusal.isRetryable)
        }
    }

    @Test func `an envelope for another number of shards is refused, from publishers and from peers`() async throws {
        let network = TestNetwork(sharding: Self.sharding)
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1)])
        try await ShardKeeper(core: node.core).advance()
        for bits in [0, 1, 3] as [UInt8] {
            let paid = network.paid([.sample(UInt64(bits), shardBits: bits)])
            let refusal = await node.publish(paid).first?.refusal
            #expect(refusal == .event(.shards(found: bits, expected: 2)))
            #expect(refusal?.code == "shards")
        }
    }
}
