import Primitives

/// What the service asks of channels, beyond what a voucher has to fulfil.
struct ChannelTerms: Sendable {
    /// Seconds between a request to close and the close.
    static let challengeWindow: ClosedRange<UInt64> = 900...2_592_000
    /// Seconds that the settlement needs after that.
    static let settlementHorizon: ClosedRange<UInt64> = 0...2_592_000

    /// What a channel must have been given before it takes vouchers, and the least that is withdrawn in one go, in ledger
    /// units: a channel below it costs more than it brings.
    let minimumDeposit: Amount
}
