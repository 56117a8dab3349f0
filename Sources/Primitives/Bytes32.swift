/// Thirty-two bytes: a hash, an id, a salt, or one big-endian ABI word.
///
/// Ordered as the bytes are, first byte first.
public struct Bytes32: Hashable, Sendable, Comparable {
    private let word0: UInt64
    private let word1: UInt64
    private let word2: UInt64
    private let word3: UInt64

    /// All bytes zero.
    public static let zero = Bytes32(unchecked: [UInt8](repeating: 0, count: 32))

    /// Takes exactly 32 bytes; any other count is `nil`.
    public init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 32 else { return nil }
        self.init(unchecked: Array(bytes))
    }

    /// The big-endian word of `value`, as the Ethereum ABI encodes an unsigned integer.
    public init(integer value: UInt128) {
        word0 = 0
        word1 = 0
        word2 = UInt64(truncatingIfNeeded: value >> 64)
        word3 = UInt64(truncatingIfNeeded: value)
    }

    /// The word of an address, padded on the left with twelve zero bytes.
    public init(_ address: Address) {
        self.init(unchecked: [UInt8](repeating: 0, count: 12) + address.bytes)
    }

    init(unchecked bytes: [UInt8]) {
        precondition(bytes.count == 32, "a hash function returned another size than 32 bytes")
        self = bytes.withUnsafeBytes { Bytes32(raw: $0) }
    }

    /// Takes the first 32 bytes of a buffer that has them.
    init(raw bytes: UnsafeRawBufferPointer) {
        word0 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        word1 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        word2 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
        word3 = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
    }

    /// Writes the 32 bytes at the beginning of a buffer that has room for them.
    func write(to out: UnsafeMutableRawBufferPointer) {
        out.storeBytes(of: word0.bigEndian, toByteOffset: 0, as: UInt64.self)
        out.storeBytes(of: word1.bigEndian, toByteOffset: 8, as: UInt64.self)
        out.storeBytes(of: word2.bigEndian, toByteOffset: 16, as: UInt64.self)
        out.storeBytes(of: word3.bigEndian, toByteOffset: 24, as: UInt64.self)
    }

    /// The 32 bytes.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            write(to: UnsafeMutableRawBufferPointer(buffer))
            count = 32
        }
    }

    /// `0x` and 64 lower-case digits.
    public var hex: String { "0x" + Hex.encode(bytes) }

    /// Reads `0x` and 64 lower-case digits.
    public init?(hex: String) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }

    /// The unsigned integer that this word holds, or `nil` where it does not fit 128 bits.
    public var integer: UInt128? {
        guard word0 == 0, word1 == 0 else { return nil }
        return UInt128(word2) << 64 | UInt128(word3)
    }

    /// The first eight bytes as a big-endian integer: a cheap, uniform key of a hash.
    public var prefix: UInt64 { word0 }

    /// The four big-endian words.
    public var words: (UInt64, UInt64, UInt64, UInt64) { (word0, word1, word2, word3) }

    /// Takes four big-endian words.
    public init(words: (UInt64, UInt64, UInt64, UInt64)) {
        (word0, word1, word2, word3) = words
    }

    func append(to out: inout [UInt8]) {
        withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { buffer in
            write(to: buffer)
            out.append(contentsOf: buffer)
        }
    }

    /// Orders by bytes, first byte first.
    public static func < (a: Bytes32, b: Bytes32) -> Bool {
        if a.word0 != b.word0 { return a.word0 < b.word0 }
        if a.word1 != b.word1 { return a.word1 < b.word1 }
        if a.word2 != b.word2 { return a.word2 < b.word2 }
        return a.word3 < b.word3
    }
}

extension Bytes32: CustomStringConvertible {
    /// The hexadecimal text.
    public var description: String { hex }
}

extension Bytes32: Codable {
    /// Reads the hexadecimal text.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Bytes32(hex: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not 0x and 64 lower-case hex digits"))
        }
        self = value
    }

    /// Writes the hexadecimal text.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(hex)
    }
}

extension Bytes32 {
    /// Reads a base-10 unsigned integer below 2^256, as EIP-712 tools print `uint256`: digits only, no leading zero.
    public init?(decimal text: String) {
        let digits = Array(text.utf8)
        guard (1...78).contains(digits.count), digits.count == 1 || digits[0] != 0x30 else { return nil }
        var bytes = [UInt8](repeating: 0, count: 32)
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            var carry = UInt16(digit - 0x30)
            for place in stride(from: 31, through: 0, by: -1) {
                let value = UInt16(bytes[place]) * 10 + carry
                bytes[place] = UInt8(truncatingIfNeeded: value)
                carry = value >> 8
            }
            guard carry == 0 else { return nil }
        }
        self.init(unchecked: bytes)
    }
}
