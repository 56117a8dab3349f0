public import Channels
public import Primitives

/// What a payer has signed on one lane of a channel, and what of it is undecided.
///
/// Sequence and ceiling only grow. The ceiling covers what was charged and what may still be charged for vouchers that
/// are under way; a refused one needs no room any more. A voucher whose answer was lost is not signed anew: the same
/// voucher is sent again, and the service charges it once.
public struct LaneSigner: Hashable, Sendable {
    /// The channel.
    public let channelID: Bytes32
    /// The lane.
    public let lane: UInt32
    /// The highest sequence signed.
    public private(set) var sequence: UInt64
    /// The highest ceiling signed.
    public private(set) var ceiling: Amount
    /// What is known to have been charged.
    public private(set) var charged: Amount
    /// Vouchers without an answer, by their one envelope.
    private var undecided: [Bytes32: SignedVoucher] = [:]

    /// Goes on from what was signed and charged before; from zeros on a lane that was never used.
    public init(
        channelID: Bytes32, lane: UInt32, sequence: UInt64 = 0, ceiling: Amount = .zero, charged: Amount = .zero
    ) {
        self.channelID = channelID
        self.lane = lane
        self.sequence = sequence
        self.ceiling = ceiling
        self.charged = charged
    }

    /// The most that vouchers without an answer may still be charged.
    public var reserved: Amount {
        get throws(AmountError) { try Amount.sum(undecided.values.flatMap(\.items).map(\.maxFee)) }
    }

    /// A voucher for one item: the one that is still undecided for its envelope, or a new one.
    public mutating func sign(
        _ item: Item, validUntil: UInt64, key: SecretKey, domain: EIP712Domain
    ) throws(AmountError) -> SignedVoucher {
        if let known = undecided[item.envelopeHash], known.items == [item], known.voucher.validUntil >= validUntil {
            return known
        }
        undecided[item.envelopeHash] = nil
        let needed = try charged.adding(try reserved).adding(item.maxFee)
        sequence += 1
        ceiling = max(ceiling, needed)
        let voucher = Voucher(
            channelID: channelID, lane: lane, sequence: sequence, cumulativeAmount: ceiling, validUntil: validUntil,
            itemsHash: Item.hash(of: [item]))
        let signed = SignedVoucher(
            voucher: voucher, items: [item], signature: key.sign(domain.digest(of: voucher)))
        undecided[item.envelopeHash] = signed
        return signed
    }

    /// Notes that an envelope was charged; one that was noted before is not counted again.
    public mutating func charged(_ envelope: Bytes32, _ amount: Amount) throws(AmountError) {
        guard undecided.removeValue(forKey: envelope) != nil else { return }
        charged = try charged.adding(amount)
    }

    /// Notes that the voucher for an envelope was refused.
    public mutating func refused(_ envelope: Bytes32) {
        undecided[envelope] = nil
    }
}
