public import Channels
public import Primitives

/// Out of which purse a refund comes.
public enum RefundSource: String, Hashable, Sendable {
    /// What was held of the charge.
    case hold
    /// The open epoch's pool.
    case pool
    /// The stake of a node at fault.
    case stake
}

/// What reports read of Sources/Storage/RefundStore.swift, which needs libpq.
public struct RefundRecord: Hashable, Sendable {
    /// The charge.
    public let charge: UInt64
    /// `base`, `storage` or `postage`.
    public let part: String
    /// Why.
    public let ground: RefundGround
    /// Out of which purse.
    public let source: RefundSource
    /// How much.
    public let amount: Amount
    /// What decided it, in canonical bytes.
    public let evidence: [UInt8]
    /// The leaf that says so.
    public let logIndex: UInt64
}
