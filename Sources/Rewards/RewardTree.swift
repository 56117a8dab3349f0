public import Primitives

/// The tree over (uint256 index, address account, uint256 cumulative), one leaf a node.
public struct RewardTree: Sendable {
    private let tree: StandardMerkleTree
    private let places: [UInt32: Int]

    /// Builds the tree of an epoch's rows; of none there is no tree.
    public init?(_ rows: [RewardRow]) {
        let leaves = rows.map { Self.leaf(node: $0.node, payout: $0.payout, cumulative: $0.cumulative) }
        guard let tree = StandardMerkleTree(leaves: leaves) else { return nil }
        self.tree = tree
        places = Dictionary(rows.enumerated().map { ($1.node, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The root.
    public var root: Bytes32 { tree.root }

    /// The proof of a node's leaf, `nil` for a node without one.
    public func proof(of node: UInt32) -> [Bytes32]? { places[node].map(tree.proof(ofLeaf:)) }

    /// keccak256(keccak256(abi.encode(index, account, cumulative))).
    public static func leaf(node: UInt32, payout: Address, cumulative: Amount) -> Bytes32 {
        StandardMerkleTree.leafHash([
            Bytes32(integer: UInt128(node)), Bytes32(payout), Bytes32(integer: cumulative.units),
        ])
    }
}
