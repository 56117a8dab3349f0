public import Primitives

/// A day of storage that was captured: body of a ``LeafKind/midnight`` leaf.
public struct Midnight: Hashable, Sendable {
    /// The day that begins at this midnight.
    public let day: UTCDay
    /// What all held storage paid for it.
    public let captured: Amount

    /// Makes the record.
    public init(day: UTCDay, captured: Amount) {
        self.day = day
        self.captured = captured
    }

    /// The canonical bytes, tag `feesvc/midnight/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/midnight/1")
        encoder.append(day.number)
        encoder.append(captured)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/midnight/1")
        day = UTCDay(number: try decoder.readUInt32())
        captured = try decoder.readAmount()
        try decoder.finish()
    }
}

/// The end of an epoch's base and congestion holds: body of a ``LeafKind/cut`` leaf.
public struct Cut: Hashable, Sendable {
    /// The epoch whose charges were decided.
    public let epoch: UInt64
    /// Base fees that were captured into the open epoch's pool.
    public let base: Amount
    /// Congestion fees that were captured for the protocol.
    public let congestion: Amount
    /// How many charges were captured.
    public let charges: UInt64
    /// How many were voided; each has a ``LeafKind/void`` leaf before this one.
    public let voided: UInt64

    /// Makes the record.
    public init(epoch: UInt64, base: Amount, congestion: Amount, charges: UInt64, voided: UInt64) {
        self.epoch = epoch
        self.base = base
        self.congestion = congestion
        self.charges = charges
        self.voided = voided
    }

    /// The canonical bytes, tag `feesvc/cut/2`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/cut/2")
        encoder.append(epoch)
        encoder.append(base)
        encoder.append(congestion)
        encoder.append(charges)
        encoder.append(voided)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/cut/2")
        epoch = try decoder.readUInt64()
        base = try decoder.readAmount()
        congestion = try decoder.readAmount()
        charges = try decoder.readUInt64()
        voided = try decoder.readUInt64()
        try decoder.finish()
    }
}

/// Why money goes back. The numbers are those of docs/protocol.md §5.
public enum RefundGround: UInt8, Hashable, Sendable, CaseIterable {
    /// No majority of the holders had the event at the delivery cut.
    case undelivered = 1
    /// A node refused the envelope.
    case refused = 2
    /// The topic's owner gave the postage back.
    case welcomed = 3
    /// The owner deleted the message before its time.
    case deletedEarly = 4
    /// More was charged than the schedule says.
    case overcharged = 5
    /// One envelope was charged twice.
    case chargedTwice = 6
    /// A node broke what it had promised.
    case nodeAtFault = 7
    /// The network declared an outage.
    case declaredOutage = 8

    /// The ground's name in reports and over HTTP.
    public var name: String {
        switch self {
        case .undelivered: "undelivered"
        case .refused: "refused"
        case .welcomed: "welcomed"
        case .deletedEarly: "deleted-early"
        case .overcharged: "overcharged"
        case .chargedTwice: "charged-twice"
        case .nodeAtFault: "node-at-fault"
        case .declaredOutage: "declared-outage"
        }
    }
}

/// A charge whose unspent parts went back: body of a ``LeafKind/void`` leaf.
public struct VoidedCharge: Hashable, Sendable {
    /// The charge.
    public let charge: UInt64
    /// Why.
    public let ground: RefundGround
    /// The base fee.
    public let base: Amount
    /// Storage of days to come that went back.
    public let storage: Amount
    /// Postage that went back.
    public let postage: Amount
    /// SHA-256 of the evidence.
    public let evidence: Bytes32

    /// Makes the record.
    public init(charge: UInt64, ground: RefundGround, base: Amount, storage: Amount, postage: Amount, evidence: Bytes32)
    {
        self.charge = charge
        self.ground = ground
        self.base = base
        self.storage = storage
        self.postage = postage
        self.evidence = evidence
    }

    /// The canonical bytes, tag `feesvc/void/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/void/1")
        encoder.append(charge)
        encoder.append(ground.rawValue)
        encoder.append(base)
        encoder.append(storage)
        encoder.append(postage)
        encoder.append(evidence)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/void/1")
        charge = try decoder.readUInt64()
        guard let ground = RefundGround(rawValue: try decoder.readUInt8()) else { throw .outOfRange(field: "ground") }
        self.ground = ground
        base = try decoder.readAmount()
        storage = try decoder.readAmount()
        postage = try decoder.readAmount()
        evidence = try decoder.readBytes32()
        try decoder.finish()
    }
}

/// Postage that was decided: body of a ``LeafKind/postage`` leaf.
public struct PostageDecision: Hashable, Sendable {
    /// What became of it.
    public enum Outcome: UInt8, Hashable, Sendable {
        /// Nobody welcomed the message in time: it goes to the pool.
        case captured = 0
        /// The owner welcomed it: it goes back to the channel.
        case welcomed = 1
    }

    /// The charge.
    public let charge: UInt64
    /// What became of its postage.
    public let outcome: Outcome
    /// How much.
    public let amount: Amount
    /// SHA-256 of the welcome, or zero.
    public let evidence: Bytes32

    /// Makes the record.
    public init(charge: UInt64, outcome: Outcome, amount: Amount, evidence: Bytes32) {
        self.charge = charge
        self.outcome = outcome
        self.amount = amount
        self.evidence = evidence
    }

    /// The canonical bytes, tag `feesvc/postage/1`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/postage/1")
        encoder.append(charge)
        encoder.append(outcome.rawValue)
        encoder.append(amount)
        encoder.append(evidence)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/postage/1")
        charge = try decoder.readUInt64()
        guard let outcome = Outcome(rawValue: try decoder.readUInt8()) else { throw .outOfRange(field: "outcome") }
        self.outcome = outcome
        amount = try decoder.readAmount()
        evidence = try decoder.readBytes32()
        try decoder.finish()
    }
}
