public import Primitives

/// Money of a payer that a leaf of the log moved: a line of the sub-ledger whose control accounts are the books' `channels`
/// and `held`.
public struct PayerMovement: Hashable, Sendable {
    /// Why money moved.
    public enum Cause: Hashable, Sendable {
        /// The settlement confirmed a channel's first money.
        case deposit
        /// The settlement confirmed more.
        case topUp
        /// A message was charged: its price is held.
        case charge
        /// A midnight captured a day of storage.
        case midnight
        /// A delivery cut captured base and congestion.
        case cut
        /// Postage was captured.
        case postage
        /// What was held went back.
        case refund(RefundGround)
        /// What had been captured went back out of a node's stake.
        case stake(RefundGround)
        /// What had been captured went back out of a pool.
        case repayment(RefundGround)
        /// The payer took money out.
        case withdrawal
        /// A channel ended: what was left became payable.
        case close
        /// A node's claim was paid into what is payable to the payer.
        case claim
        /// The settlement paid out.
        case payout
    }

    /// Why.
    public let cause: Cause
    /// The channel; `nil` for what is payable to the payer, whatever channel it came from.
    public let channel: Bytes32?
    /// Whether the money went to what is payable to the payer, because the channel was closed.
    public let isPayable: Bool
    /// Amounts by part, of causes that have parts.
    public let parts: RefundParts
    /// The amount of causes that have no parts.
    public let whole: Amount

    /// Makes a movement.
    public init(
        _ cause: Cause, channel: Bytes32?, isPayable: Bool = false, parts: RefundParts = RefundParts(),
        whole: Amount = .zero
    ) {
        self.cause = cause
        self.channel = channel
        self.isPayable = isPayable
        self.parts = parts
        self.whole = whole
    }

    /// All of it.
    public func total() throws(AmountError) -> Amount { try parts.total().adding(whole) }
}
