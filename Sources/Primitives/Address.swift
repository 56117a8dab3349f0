/// A 20-byte Ethereum address: the last 20 bytes of Keccak-256 of an uncompressed public key without its first byte.
public struct Address: Hashable, Sendable, Comparable {
    private let head: UInt64
    private let middle: UInt64
    private let tail: UInt32

    /// The address that nobody holds by convention.
    public static let zero = Address(unchecked: [UInt8](repeating: 0, count: 20))

    /// Takes exactly 20 bytes; any other count is `nil`.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 20 else { return nil }
        self.init(unchecked: Array(bytes))
    }

    init(unchecked bytes: [UInt8]) {
        precondition(bytes.count == 20, "an address has 20 bytes")
        self = bytes.withUnsafeBytes { Address(raw: $0) }
    }

    /// Takes the first 20 bytes of a buffer that has them.
    init(raw bytes: UnsafeRawBufferPointer) {
        head = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        middle = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        tail = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
    }

    /// The 20 bytes.
    public var bytes: [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(20)
        withUnsafeBytes(of: head.bigEndian) { out.append(contentsOf: $0) }
        withUnsafeBytes(of: middle.bigEndian) { out.append(contentsOf: $0) }
        withUnsafeBytes(of: tail.bigEndian) { out.append(contentsOf: $0) }
        return out
    }

    /// `0x` and 40 lower-case digits, the only form on the wire.
    public var hex: String { "0x" + Hex.encode(bytes) }

    /// Reads `0x` and 40 lower-case digits.
    public init?(hex: String) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }

    /// The mixed-case form of EIP-55, for people: its capitals are a checksum.
    public var checksummed: String {
        let digits = Hex.encode(bytes)
        let hash = Keccak256.hash(Array(digits.utf8)).bytes
        let characters = digits.enumerated().map { place, character in
            let nibble = place.isMultiple(of: 2) ? hash[place / 2] >> 4 : hash[place / 2] & 15
            return nibble >= 8 ? Character(character.uppercased()) : character
        }
        return "0x" + String(characters)
    }

    /// Orders by bytes, first byte first.
    public static func < (a: Address, b: Address) -> Bool {
        (a.head, a.middle, a.tail) < (b.head, b.middle, b.tail)
    }
}

extension Address: CustomStringConvertible {
    /// The lower-case hexadecimal text.
    public var description: String { hex }
}

extension Address: Codable {
    /// Reads the lower-case hexadecimal text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Address(hex: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not 0x and 40 lower-case hex digits"))
        }
        self = value
    }

    /// Writes the lower-case hexadecimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}
