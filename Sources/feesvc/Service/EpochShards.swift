import Channels
import Storage

/// Which nodes had to hold what in an epoch, as the database has it.
extension ShardMap {
    /// By the registry.
    init(_ genesis: Genesis, members nodes: [StoredNode], of epoch: UInt64) {
        self.init(genesis, nodes: nodes.filter { $0.isMember(of: epoch, genesis.epochs) }.map(\.node))
    }
}
