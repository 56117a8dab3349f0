public import Primitives

/// Which nodes are assigned to which shard, by weighted rendezvous hashing over the nodes of an epoch's snapshot and their
/// stakes.
public struct ShardMap: Hashable, Sendable {
    /// The network's shards.
    public let sharding: Sharding
    private let byShard: [[UInt32]]
    private let byNode: [UInt32: Set<Shard>]

    /// Assigns; `logID` makes each network's map its own. Nodes without stake count as the smallest stake.
    public init(_ sharding: Sharding, logID: Bytes32, nodes: [WeightedRendezvous.Candidate]) {
        self.sharding = sharding
        let count = sharding.replication == 0 ? nodes.count : min(nodes.count, Int(sharding.replication))
        let everybody = nodes.map(\.number).sorted()
        byShard = sharding.all.map { shard in
            guard count < nodes.count else { return everybody }
            return WeightedRendezvous.first(count, of: nodes, for: Self.key(of: shard, logID: logID)).sorted()
        }
        var byNode: [UInt32: Set<Shard>] = [:]
        for (shard, holders) in zip(sharding.all, byShard) {
            for holder in holders { byNode[holder, default: []].insert(shard) }
        }
        self.byNode = byNode
    }

    /// Assigns among registered nodes, by the stakes that they were registered with: what a stake gave since moves no shard.
    public init(_ genesis: Genesis, nodes: [RegisteredNode]) {
        self.init(
            genesis.sharding, logID: genesis.logID,
            nodes: nodes.map { WeightedRendezvous.Candidate(number: $0.number, weight: $0.registration.stake) })
    }

    /// SHA-256 of `tagged "feesvc/holders/1": b32 logID, u16 shard`.
    static func key(of shard: Shard, logID: Bytes32) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/holders/1")
        encoder.append(logID)
        encoder.append(shard.number)
        return SHA256.hash(encoder.bytes)
    }

    /// The nodes that are assigned to a shard, ascending; none of a shard that there is not.
    public func holders(of shard: Shard) -> [UInt32] {
        sharding.contains(shard) ? byShard[Int(shard.number)] : []
    }

    /// The shards that a node is assigned to.
    public func shards(of node: UInt32) -> Set<Shard> { byNode[node] ?? [] }
}
