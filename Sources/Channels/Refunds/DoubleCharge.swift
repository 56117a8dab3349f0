public import Primitives

/// The evidence that one envelope was charged twice: two charges of one log.
public struct DoubleCharge: Hashable, Sendable {
    /// The later one, which goes back.
    public let charge: UInt64
    /// The one that paid before.
    public let first: UInt64

    /// Names two charges.
    public init(charge: UInt64, first: UInt64) {
        self.charge = charge
        self.first = first
    }

    /// `tagged "feesvc/double-charge/1": u64 charge, u64 first`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/double-charge/1")
        encoder.append(charge)
        encoder.append(first)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/double-charge/1")
        charge = try decoder.readUInt64()
        first = try decoder.readUInt64()
        try decoder.finish()
        guard first < charge else { throw .outOfRange(field: "first") }
    }
}
