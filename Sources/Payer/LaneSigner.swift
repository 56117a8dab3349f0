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
    /// The newest voucher that the service took: it can't truthfully answer with less.
    public private(set) var accepted: VoucherProof?
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

    /// Goes on with vouchers that wait for their answers; `nil` where the numbers can't be those of one lane: a voucher
    /// of another lane or of several items, or above the sequence or ceiling.
    public init?(
        channelID: Bytes32, lane: UInt32, sequence: UInt64, ceiling: Amount, charged: Amount, accepted: VoucherProof?,
        undecided: [SignedVoucher]
    ) {
        self.init(channelID: channelID, lane: lane, sequence: sequence, ceiling: ceiling, charged: charged)
        guard lane < ChannelState.laneCount, sequence <= UInt64(Int64.max), charged <= ceiling else { return nil }
        for voucher in undecided.map(\.voucher) + [accepted?.voucher].compactMap(\.self) {
            guard voucher.channelID == channelID, voucher.lane == lane, voucher.sequence <= sequence,
                voucher.cumulativeAmount <= ceiling
            else { return nil }
        }
        for voucher in undecided {
            guard voucher.items.count == 1, voucher.voucher.sequence > accepted?.voucher.sequence ?? 0,
                self.undecided.updateValue(voucher, forKey: voucher.items[0].envelopeHash) == nil
            else { return nil }
        }
        self.accepted = accepted
    }

    /// The most that vouchers without an answer may still be charged.
    public var reserved: Amount {
        get throws(AmountError) { try Amount.sum(undecided.values.flatMap(\.items).map(\.maxFee)) }
    }

    /// Vouchers without an answer, in the order in which they were signed.
    public var pending: [SignedVoucher] { undecided.values.sorted { $0.voucher.sequence < $1.voucher.sequence } }

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
        guard let voucher = undecided[envelope] else { return }
        charged = try charged.adding(amount)
        undecided[envelope] = nil
        if voucher.voucher.sequence > accepted?.voucher.sequence ?? 0 { accepted = VoucherProof(voucher) }
    }

    /// Notes that the voucher for an envelope moved nothing: it was refused, or the envelope had been paid before.
    public mutating func refused(_ envelope: Bytes32) {
        undecided[envelope] = nil
    }

    /// Goes on from a voucher of this lane that the service showed, and from what it says it charged up to there.
    ///
    /// `skipping` sequences are left out: a file that was lost may have signed them.
    public mutating func adopt(_ proof: VoucherProof, charged: Amount, skipping: UInt64) {
        precondition(undecided.isEmpty, "what waits for an answer is decided before another state is adopted")
        sequence = max(sequence, proof.voucher.sequence.addingClamped(skipping))
        ceiling = max(ceiling, proof.voucher.cumulativeAmount)
        self.charged = max(self.charged, charged)
        accepted = proof
    }

    /// Goes on from what the service holds after it lost what it took: what was charged may be less. Sequence and ceiling
    /// stay, so nothing is signed twice.
    public mutating func rollBack(to proof: VoucherProof?, charged: Amount) {
        self.charged = charged
        accepted = proof
        if let proof {
            sequence = max(sequence, proof.voucher.sequence)
            ceiling = max(ceiling, proof.voucher.cumulativeAmount)
        }
    }
}

/// A voucher with its signature and without its items: what proves sequence and ceiling of a lane.
public struct VoucherProof: Hashable, Sendable {
    /// What was signed.
    public let voucher: Voucher
    /// The signer's signature over the voucher's digest.
    public let signature: Signature

    /// Puts the parts together; nothing is checked here.
    public init(voucher: Voucher, signature: Signature) {
        self.voucher = voucher
        self.signature = signature
    }

    /// The proof that a whole voucher is.
    public init(_ signed: SignedVoucher) {
        self.init(voucher: signed.voucher, signature: signed.signature)
    }
}
