public import Primitives

/// What went back of a charge on a ground that does not void it at the delivery cut: body of a ``LeafKind/refund`` leaf.
public struct RefundedCharge: Hashable, Sendable {
    /// The charge.
    public let charge: UInt64
    /// What goes back, and from where.
    public let decision: RefundDecision
    /// The node whose stake gives; 0 where none does.
    public let node: UInt32
    /// SHA-256 of the evidence; zero where nothing had to be shown.
    public let evidence: Bytes32

    /// Makes the record.
    public init(charge: UInt64, decision: RefundDecision, node: UInt32 = 0, evidence: Bytes32) {
        self.charge = charge
        self.decision = decision
        self.node = node
        self.evidence = evidence
    }

    /// The canonical bytes, tag `feesvc/refund/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/refund/1")
        encoder.append(charge)
        encoder.append(decision.ground.rawValue)
        for parts in [decision.held, decision.owed, decision.stake] {
            for amount in [parts.base, parts.congestion, parts.storage, parts.postage] { encoder.append(amount) }
        }
        encoder.append(decision.releasedPerDay)
        encoder.append(node)
        encoder.append(evidence)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/refund/1")
        charge = try decoder.readUInt64()
        guard let ground = RefundGround(rawValue: try decoder.readUInt8()) else { throw .outOfRange(field: "ground") }
        var decision = RefundDecision(ground)
        decision.held = try Self.readParts(&decoder)
        decision.owed = try Self.readParts(&decoder)
        decision.stake = try Self.readParts(&decoder)
        decision.releasedPerDay = try decoder.readAmount()
        self.decision = decision
        node = try decoder.readUInt32()
        evidence = try decoder.readBytes32()
        try decoder.finish()
    }

    private static func readParts(_ decoder: inout CanonicalDecoder) throws(CanonicalError) -> RefundParts {
        RefundParts(
            base: try decoder.readAmount(), congestion: try decoder.readAmount(), storage: try decoder.readAmount(),
            postage: try decoder.readAmount())
    }
}

/// What a pool paid of what it owed, right before its epoch's edge: body of a ``LeafKind/repayment`` leaf.
public struct Repayment: Hashable, Sendable {
    /// The epoch whose pool paid.
    public let epoch: UInt64
    /// What was owed.
    public let owed: Amount
    /// What the pool paid of it; the rest waits for the next.
    public let paid: Amount

    /// Makes the record.
    public init(epoch: UInt64, owed: Amount, paid: Amount) {
        self.epoch = epoch
        self.owed = owed
        self.paid = paid
    }

    /// The canonical bytes, tag `feesvc/repayment/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/repayment/1")
        encoder.append(epoch)
        encoder.append(owed)
        encoder.append(paid)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/repayment/1")
        epoch = try decoder.readUInt64()
        owed = try decoder.readAmount()
        paid = try decoder.readAmount()
        try decoder.finish()
        guard paid <= owed else { throw .outOfRange(field: "paid") }
    }

    /// What each debt gets where a pool has `funds`: all of it, or ⌊funds × debt ÷ Σ debts⌋, so that the order in which they
    /// came makes no difference.
    public static func parts(of funds: Amount, debts: [Amount]) throws(AmountError) -> [Amount] {
        let owed = try Amount.sum(debts)
        guard owed > funds else { return debts }
        var parts: [Amount] = []
        for debt in debts { parts.append(try funds.scaledRoundingDown(by: debt.units, over: owed.units)) }
        return parts
    }
}

/// An outage as the log has it: body of a ``LeafKind/outage`` leaf.
public struct LoggedOutage: Hashable, Sendable {
    /// What was declared, and by whom.
    public let declared: DeclaredOutage
    /// What it gives back in all.
    public let total: Amount

    /// Makes the record.
    public init(declared: DeclaredOutage, total: Amount) {
        self.declared = declared
        self.total = total
    }

    /// The canonical bytes, tag `feesvc/logged-outage/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/logged-outage/1")
        encoder.append(declared.canonicalBytes)
        encoder.append(total)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/logged-outage/1")
        declared = try DeclaredOutage(canonicalBytes: try decoder.readBytes(limit: LogLeaf.bodyBytesMax))
        total = try decoder.readAmount()
        try decoder.finish()
    }
}
