import Channels

/// What a node has to do about shards, from what it is assigned, what it holds, and who has proved to hold the same.
///
/// A shard changes hands in two steps: who is newly assigned begins to hold it at once and heals; who was assigned before goes on
/// holding, serving and taking it until every node that is assigned has answered a comparison with equal roots, and nothing has come
/// since.
struct ShardDuty: Hashable, Sendable {
    /// Shards to begin to hold, ascending.
    let taken: [Shard]
    /// Shards to let go of while they are in these states, ascending.
    let released: [SurveyedShard]

    /// - Parameters:
    ///   - map: who is assigned to what; without one nothing changes.
    ///   - held: what this node holds, and in which state.
    ///   - proved: by shard and node, the state in which that node has last proved to hold the same as this one.
    init(of node: UInt32, map: ShardMap?, held: [SurveyedShard], proved: [Shard: [UInt32: SetState]]) {
        guard let map else {
            taken = []
            released = []
            return
        }
        let assigned = map.sharding.replication == 0 ? Set(map.sharding.all) : map.shards(of: node)
        taken = assigned.subtracting(held.map(\.shard)).sorted()
        released = held.filter { held in
            let holders = map.holders(of: held.shard)
            return !assigned.contains(held.shard) && !holders.isEmpty
                && holders.allSatisfy { proved[held.shard]?[$0] == held.state }
        }.sorted { $0.shard < $1.shard }
    }
}
