public import Channels
public import Primitives

/// What reports read of Sources/Storage/ChargeStore.swift, which needs libpq.
public struct RefundRecord: Hashable, Sendable {
    /// The charge.
    public let charge: UInt64
    /// `base`, `storage` or `postage`.
    public let part: String
    /// Why.
    public let ground: RefundGround
    /// How much.
    public let amount: Amount
    /// What decided it, in canonical bytes.
    public let evidence: [UInt8]
    /// The leaf that says so.
    public let logIndex: UInt64
}
