public import Primitives

/// `Attestation`: an operator recomputed an epoch's result and agrees.
public struct Attestation: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash(
        "Attestation(uint64 epoch,bytes32 result,bytes32 root,uint128 rewards,bytes32 inputs,uint32 ruleset)")
    /// The epoch.
    public let epoch: UInt64
    /// ``EpochResult/hash``.
    public let result: Bytes32
    /// The reward tree's root.
    public let root: Bytes32
    /// What the nodes get together.
    public let rewards: Amount
    /// ``RewardInputs/hash``.
    public let inputs: Bytes32
    /// The ruleset's version.
    public let ruleset: UInt32

    /// Makes the statement.
    public init(epoch: UInt64, result: Bytes32, root: Bytes32, rewards: Amount, inputs: Bytes32, ruleset: UInt32) {
        self.epoch = epoch
        self.result = result
        self.root = root
        self.rewards = rewards
        self.inputs = inputs
        self.ruleset = ruleset
    }

    /// The members as ABI words.
    public var words: [Bytes32] {
        [
            Bytes32(integer: UInt128(epoch)), result, root, Bytes32(integer: rewards.units), inputs,
            Bytes32(integer: UInt128(ruleset)),
        ]
    }
}

/// The rule of the quorum: more than two thirds of the snapshot's stake.
public enum AttestationQuorum {
    /// How many epochs the operators of a result's own snapshot have it to themselves.
    public static let epochsAlone: UInt64 = 2

    /// Whether operators of the snapshot of the epoch `open` may attest the result of `epoch` as well: its own have had two
    /// epochs for it, and are too few or gone.
    public static func isLate(_ epoch: UInt64, in open: UInt64) -> Bool {
        open > epoch && open - epoch > epochsAlone
    }

    /// Tells whether the operators that signed hold more than two thirds of the stake; each counts once.
    public static func isReached(by signers: Set<Address>, in snapshot: [Participant]) throws(AmountError) -> Bool {
        let total = try Amount.sum(snapshot.map(\.stake))
        let signed = try Amount.sum(snapshot.filter { signers.contains($0.operatorAddress) }.map(\.stake))
        // 256-bit products: a quorum of stakes near 2^128 must not fail by overflow.
        return signed.units.multipliedFullWidth(by: 3) > total.units.multipliedFullWidth(by: 2)
    }
}
