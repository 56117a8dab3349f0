public import Primitives

/// A claim of what a root says a node has earned in all.
public struct RewardClaim: Hashable, Sendable {
    /// The longest proof: nodes have 32-bit numbers, and the tree's leaves stand on two neighbouring levels.
    public static let proofMax = 33

    /// The epoch whose root proves it.
    public let epoch: UInt64
    /// The node.
    public let node: UInt32
    /// Where it is paid.
    public let payout: Address
    /// The amount in the leaf.
    public let cumulative: Amount
    /// The siblings from the leaf to the root.
    public let proof: [Bytes32]

    /// Makes a claim.
    public init(epoch: UInt64, node: UInt32, payout: Address, cumulative: Amount, proof: [Bytes32]) {
        self.epoch = epoch
        self.node = node
        self.payout = payout
        self.cumulative = cumulative
        self.proof = proof
    }
}

/// Why a claim is refused.
public enum ClaimRefusal: Error, Hashable, Sendable {
    /// The epoch has no result.
    case unknownEpoch(UInt64)
    /// The result lacks the operators' quorum.
    case notAttested(UInt64)
    /// The proof does not lead to the epoch's root.
    case proof

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .unknownEpoch: "claim/unknown-epoch"
        case .notAttested: "claim/not-attested"
        case .proof: "claim/proof"
        }
    }

    /// One sentence: what is wrong.
    public var detail: String {
        switch self {
        case .unknownEpoch(let epoch): "Epoch \(epoch) has no result yet."
        case .notAttested(let epoch): "The result of epoch \(epoch) is not attested by more than 2/3 of the stake."
        case .proof: "The proof does not lead from node, payout account and cumulative amount to the epoch's root."
        }
    }
}

extension RewardClaim {
    /// Decides what a claim pays: what the leaf exceeds the amount claimed before, nothing for a replay.
    public func decide(root: Bytes32, isAttested: Bool, claimedBefore: Amount) throws(ClaimRefusal) -> Amount {
        guard isAttested else { throw .notAttested(epoch) }
        // Anybody may send a claim, and the one writer checks it: what can't be a proof costs it no hash.
        guard proof.count <= Self.proofMax else { throw .proof }
        let leaf = RewardTree.leaf(node: node, payout: payout, cumulative: cumulative)
        guard StandardMerkleTree.verify(leaf: leaf, proof: proof, root: root) else { throw .proof }
        return (try? cumulative.subtracting(claimedBefore)) ?? .zero
    }
}
