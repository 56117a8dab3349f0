import Channels
import Synchronization

/// Who is assigned to which shard, who was seen to hold it, and who has proved to hold the same as this node.
final class Holdings: Sendable {
    private struct State {
        var map: ShardMap?
        var seen: [UInt32: Set<Shard>] = [:]
        var proved: [Shard: [UInt32: SetState]] = [:]
    }

    private let number: UInt32
    private let state = Mutex(State())

    /// Of the node with this number.
    init(number: UInt32) {
        self.number = number
    }

    /// Who is assigned to what; `nil` before anybody is known.
    var map: ShardMap? { state.withLock { $0.map } }

    /// Takes a new assignment in: what was proved of a shard by others than its new holders says nothing.
    func assign(_ map: ShardMap) {
        state.withLock { state in
            if let old = state.map, old.sharding == map.sharding {
                for shard in map.sharding.all where old.holders(of: shard) != map.holders(of: shard) {
                    state.proved[shard] = nil
                }
            }
            state.map = map
        }
    }

    /// A peer has answered a comparison of a shard that was in a state.
    func compared(_ surveyed: SurveyedShard, with peer: UInt32, _ result: SurveyResult) {
        let shard = surveyed.shard
        state.withLock { state in
            if result == .absent {
                state.seen[peer]?.remove(shard)
            } else {
                state.seen[peer, default: []].insert(shard)
            }
            if result == .equal {
                state.proved[shard, default: [:]][peer] = surveyed.state
            } else {
                state.proved[shard]?[peer] = nil
            }
        }
    }

    /// A peer compares shards that it holds with this node; tells whether that is news.
    func heard(_ shards: some Sequence<Shard>, from peer: UInt32) -> Bool {
        state.withLock { state in
            let before = state.seen[peer, default: []]
            let now = before.union(shards)
            state.seen[peer] = now
            return now != before
        }
    }

    /// What this node has to do, holding these shards.
    func duty(holding held: [SurveyedShard]) -> ShardDuty {
        state.withLock { ShardDuty(of: number, map: $0.map, held: held, proved: $0.proved) }
    }

    /// The nodes that are assigned to a shard; none before anybody is known.
    func holders(of shard: Shard) -> [UInt32] { state.withLock { $0.map?.holders(of: shard) ?? [] } }

    /// Whether a node is assigned to a shard.
    func isAssigned(_ node: UInt32, to shard: Shard) -> Bool {
        state.withLock { state in
            guard let map = state.map, map.sharding.replication > 0 else { return true }
            return map.holders(of: shard).contains(node)
        }
    }

    /// Whether a peer is to be told of a shard's events: it is assigned, or was seen to hold it.
    func isHolder(_ peer: UInt32, of shard: Shard) -> Bool {
        state.withLock { state in
            guard let map = state.map, map.sharding.replication > 0 else { return true }
            return map.holders(of: shard).contains(peer) || state.seen[peer]?.contains(shard) ?? false
        }
    }

    /// The nodes that hold, or are to hold, something of what this node holds or is to hold.
    func partners(of held: some Sequence<Shard>, among others: [UInt32]) -> [UInt32] {
        state.withLock { state in
            guard let map = state.map, map.sharding.replication > 0 else { return others }
            let own = map.shards(of: number).union(held)
            return others.filter { peer in
                !own.isDisjoint(with: map.shards(of: peer)) || !own.isDisjoint(with: state.seen[peer] ?? [])
            }
        }
    }

    /// A shard as the status shows it.
    func status(of surveyed: SurveyedShard) -> ShardStatus {
        state.withLock { state in
            let shard = surveyed.shard
            let holders = state.map?.holders(of: shard) ?? []
            let proved = holders.filter { state.proved[shard]?[$0] == surveyed.state }
            let isAssigned = state.map?.sharding.replication ?? 0 == 0 || holders.contains(number)
            return ShardStatus(
                shard: shard, events: surveyed.state.count, isAssigned: isAssigned, provedBy: proved)
        }
    }
}
