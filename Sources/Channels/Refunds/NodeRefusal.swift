public import Primitives

/// `Refusal`: a node vouches that it did not take an envelope in.
public struct RefusalStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Refusal(bytes32 refusal)")
    /// SHA-256 of ``NodeRefusal/canonicalBytes``.
    public let refusal: Bytes32

    /// Makes the statement.
    public init(refusal: Bytes32) {
        self.refusal = refusal
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [refusal] }
}

/// What a node answers a publisher whose envelope and receipt are good, but which it can't take in.
public struct NodeRefusal: Hashable, Sendable {
    /// The node.
    public let node: UInt32
    /// The charge.
    public let charge: UInt64
    /// The envelope.
    public let envelopeHash: Bytes32
    /// Why, as a short code: at most 64 bytes.
    public let code: String
    /// The node's time, that of the newest head it has seen.
    public let time: UInt64

    /// Makes a refusal.
    public init(node: UInt32, charge: UInt64, envelopeHash: Bytes32, code: String, time: UInt64) {
        self.node = node
        self.charge = charge
        self.envelopeHash = envelopeHash
        self.code = code
        self.time = time
    }

    /// `tagged "feesvc/refusal/1": u32 node, u64 charge, b32 envelopeHash, text code, u64 time`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/refusal/1")
        encoder.append(node)
        encoder.append(charge)
        encoder.append(envelopeHash)
        encoder.append(code)
        encoder.append(time)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/refusal/1")
        node = try decoder.readUInt32()
        charge = try decoder.readUInt64()
        envelopeHash = try decoder.readBytes32()
        code = try decoder.readText(limit: 64, field: "code")
        time = try decoder.readUInt64()
        try decoder.finish()
    }

    /// What the node signs.
    public var statement: RefusalStatement { RefusalStatement(refusal: SHA256.hash(canonicalBytes)) }
}

/// Until when a payer may show a refusal: an hour after publishBy, at most another quarter of an epoch, so that it ends
/// before the delivery cut of the charge's epoch, which decides.
extension EpochClock {
    /// The first second in which a refusal for a charge that was accepted at `time` is late.
    public func refusalDue(acceptedAt time: UInt64) -> UInt64 {
        publishBy(acceptedAt: publishBy(acceptedAt: time))
    }
}
