/// Why 65 bytes are not a signature that this protocol accepts.
public enum SignatureError: Error, Equatable, Sendable {
    /// Not 65 bytes; `found` is the count.
    case length(found: Int)
    /// The last byte is neither 27 nor 28.
    case recoveryByte(found: UInt8)
    /// r or s is zero or not below the group order.
    case scalarOutOfRange
    /// s is above half the group order: the malleated twin of a valid signature (EIP-2).
    case highS
    /// No public key answers to the signature.
    case unrecoverable
}

/// An ECDSA signature over secp256k1 in the one wire form: r ‖ s ‖ v, 65 bytes, low s, v ∈ {27, 28}.
///
/// A value of this type has passed those checks; whether anybody's key made it shows only in ``recover(_:)``.
public struct Signature: Hashable, Sendable {
    /// The 65 bytes.
    public let bytes: [UInt8]

    /// n of secp256k1 (SEC 2, section 2.4.1).
    private static let order: [UInt8] =
        Array(repeating: 0xff, count: 15) + [
            0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41,
        ]
    private static let halfOrder: [UInt8] =
        [0x7f] + Array(repeating: 0xff, count: 15) + [
            0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0,
        ]

    /// Checks form and ranges of 65 bytes from outside.
    public init(_ bytes: [UInt8]) throws(SignatureError) {
        guard bytes.count == 65 else { throw .length(found: bytes.count) }
        guard bytes[64] == 27 || bytes[64] == 28 else { throw .recoveryByte(found: bytes[64]) }
        let r = bytes[0..<32]
        let s = bytes[32..<64]
        let isBelowOrder = r.lexicographicallyPrecedes(Self.order) && s.lexicographicallyPrecedes(Self.order)
        guard isBelowOrder, r.contains(where: { $0 != 0 }), s.contains(where: { $0 != 0 }) else {
            throw .scalarOutOfRange
        }
        guard !Self.halfOrder.lexicographicallyPrecedes(s) else { throw .highS }
        self.bytes = bytes
    }

    /// The address whose key signed `digest`, or throws ``SignatureError/unrecoverable``.
    ///
    /// Any digest recovers *some* address for most signatures: compare the result with who should have signed.
    public func recover(_ digest: Bytes32) throws(SignatureError) -> Address {
        guard
            let key = Secp256k1.recover(digest: digest.bytes, compact: Array(bytes[0..<64]), id: Int32(bytes[64]) - 27)
        else { throw .unrecoverable }
        return Address(unchecked: Array(Keccak256.hash(Array(key.dropFirst())).bytes.suffix(20)))
    }

    /// Tells whether `address` signed `digest`.
    public func isBy(_ address: Address, over digest: Bytes32) -> Bool {
        (try? recover(digest)) == address
    }

    /// `0x` and 130 lower-case digits.
    public var hex: String { "0x" + Hex.encode(bytes) }
}

extension Signature: Codable {
    /// Reads `0x` and 130 lower-case digits, and checks them as ``init(_:)`` does.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let bytes = Hex.decode(text) else {
            throw DecodingError.dataCorrupted(
                .init(
                    codingPath: decoder.codingPath, debugDescription: "a signature is 0x and 130 lower-case hex digits")
            )
        }
        do {
            try self.init(bytes)
        } catch {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a signature: \(error)"))
        }
    }

    /// Writes the hexadecimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
