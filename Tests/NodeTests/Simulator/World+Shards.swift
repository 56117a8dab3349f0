import Channels
import Primitives
import Synchronization

@testable import Node

/// Shards that change hands in a world.
extension World {
    /// Chooses a snapshot: some nodes.
    func elect() {
        let least = Int(scenario.sharding.replication)
        var members = nodes.map(\.number)
        while members.count > least, chance(50) { members.remove(at: random(0..<members.count)) }
        state.withLock { $0.members = members }
        note("members \(members)")
    }

    /// The service tells a node the snapshot, and the node does what follows.
    func assign(_ place: SimulatedNode) async throws {
        guard let node = place.node else { return }
        await node.update(registry: registry, members: state.withLock { $0.members })
        await keepShards(place)
    }

    /// A new snapshot, or a node learns of the last one, or does what is due.
    func moveShards() async throws {
        guard scenario.sharding.replication > 0 else { return }
        if chance(20) { elect() }
        for node in nodes where chance(60) { try await assign(node) }
        if let node = pick(nodes) { await keepShards(node) }
    }

    /// Takes and lets go of what is due; whoever lets go must have left all that it held with those that are assigned.
    func keepShards(_ place: SimulatedNode) async {
        guard let core = place.node?.core else { return }
        do {
            let before = try await core.store.idsByShard()
            defer { note("shards \(place.number)") }
            try await ShardKeeper(core: core).advance()
            let held = Set(await core.store.held)
            for (shard, ids) in before where !held.contains(shard) {
                note("released \(place.number) \(shard): \(ids.count)")
                for holder in core.holdings.holders(of: shard) where !Self.isLiar(node(holder)) {
                    guard let store = node(holder).node?.core.store, await store.held.contains(shard) else { continue }
                    for id in ids where try await !store.isHeld(id) {
                        let line = "node \(place.number) let go of shard \(shard), of which \(holder) lacks an event"
                        state.withLock { $0.violations.append(line) }
                    }
                }
            }
        } catch {
            note("shards \(place.number): \(error)")
        }
    }

    private static func isLiar(_ node: SimulatedNode) -> Bool { node.behaviour != nil }

    /// Whether each shard is held by those that are assigned to it, alike, and by nobody else.
    func areHandedOver() async throws -> Bool {
        for node in honest { try await assign(node) }
        var states: [Shard: Set<SetState>] = [:]
        for node in honest {
            guard let core = node.node?.core, let map = core.holdings.map else { return false }
            guard Set(await core.store.held) == map.shards(of: node.number) else { return false }
            for surveyed in await core.store.survey() { states[surveyed.shard, default: []].insert(surveyed.state) }
        }
        return states.values.allSatisfy { $0.count == 1 }
    }

    /// What does not hold of shards at the end.
    func shardFaults() async throws -> [String] {
        var faults: [String] = []
        let (acknowledged, ordered, deleted) = state.withLock { ($0.acknowledged, $0.ordered, $0.deleted) }
        for place in honest {
            guard let node = place.node else { return ["node \(place.number) is down"] }
            for fault in try await node.core.check() { faults.append("node \(place.number): \(fault)") }
            let floor = await node.core.store.floor
            for message in acknowledged where message.envelope.head.expiryDay >= floor {
                let shard = scenario.sharding.shard(ofTopic: message.topic.id)
                guard node.core.holdings.isAssigned(place.number, to: shard) else {
                    if try await node.core.store.isHeld(message.event) {
                        faults.append("node \(place.number) holds an event of shard \(shard), which is not its own")
                    }
                    continue
                }
                let isShown = await node.messages(in: message.topic.id).contains { $0.charge == message.charge }
                if isShown && deleted.contains(message.charge) {
                    faults.append("charge \(message.charge) is shown, and deleted")
                }
                if !isShown && !deleted.contains(message.charge) && !ordered.contains(message.charge) {
                    faults.append("charge \(message.charge) was acknowledged and is lost at node \(place.number)")
                }
            }
        }
        return faults
    }
}

extension EventStore {
    /// The events of each shard that is held.
    fileprivate func idsByShard() throws -> [Shard: [Bytes32]] {
        var ids: [Shard: [Bytes32]] = [:]
        for shard in held {
            ids[shard] = try database.rows(
                "SELECT id FROM event WHERE shard = ? AND expiry >= ?", [.shard(shard), .day(floor)]
            ) { row throws(SQLiteFailure) in try row.bytes32(0) }
        }
        return ids
    }
}
