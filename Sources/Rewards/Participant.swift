public import Primitives

/// A node in the snapshot that is taken at an epoch's start.
public struct Participant: Hashable, Sendable {
    /// The node's number, the index of its leaf in reward trees. One operator runs one node in version 1.
    public let node: UInt32
    /// Who attests for it and earns.
    public let operatorAddress: Address
    /// Where claims are paid.
    public let payout: Address
    /// What the operator put up, in ledger units.
    public let stake: Amount

    /// Makes a participant.
    public init(node: UInt32, operatorAddress: Address, payout: Address, stake: Amount) {
        self.node = node
        self.operatorAddress = operatorAddress
        self.payout = payout
        self.stake = stake
    }
}
