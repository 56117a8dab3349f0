import Primitives

/// SipHash-2-4 of an id (Aumasson, Bernstein 2012): 64 bits that nobody without the key can steer.
struct SipHash: Hashable, Sendable {
    static let keyBytes = 16
    private let key0: UInt64
    private let key1: UInt64

    /// Takes a key of 16 bytes; any other count is `nil`.
    init?(key: [UInt8]) {
        guard key.count == Self.keyBytes else { return nil }
        let words = key.withUnsafeBytes { bytes in
            (
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
        (key0, key1) = words
    }

    /// The key, 16 bytes.
    var key: [UInt8] {
        var writer = WireWriter()
        writer.append(key0.byteSwapped)
        writer.append(key1.byteSwapped)
        return writer.bytes
    }

    /// A key that nobody knows.
    static func random() -> SipHash {
        var generator = SystemRandomNumberGenerator()
        return SipHash(key0: generator.next(), key1: generator.next())
    }

    private init(key0: UInt64, key1: UInt64) {
        self.key0 = key0
        self.key1 = key1
    }

    /// The hash of the 32 bytes.
    func hash(_ id: Bytes32) -> UInt64 {
        var state = State(
            v0: key0 ^ 0x736f_6d65_7073_6575, v1: key1 ^ 0x646f_7261_6e64_6f6d, v2: key0 ^ 0x6c79_6765_6e65_7261,
            v3: key1 ^ 0x7465_6462_7974_6573)
        let (a, b, c, d) = id.words
        state.absorb(a.byteSwapped)
        state.absorb(b.byteSwapped)
        state.absorb(c.byteSwapped)
        state.absorb(d.byteSwapped)
        state.absorb(32 << 56)
        state.v2 ^= 0xff
        for _ in 0..<4 { state.round() }
        return state.v0 ^ state.v1 ^ state.v2 ^ state.v3
    }

    private struct State {
        var v0: UInt64
        var v1: UInt64
        var v2: UInt64
        var v3: UInt64

        @inline(__always)
        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            round()
            v0 ^= word
        }

        @inline(__always)
        mutating func round() {
            v0 &+= v1
            v1 = v1 << 13 | v1 >> 51
            v1 ^= v0
            v0 = v0 << 32 | v0 >> 32
            v2 &+= v3
            v3 = v3 << 16 | v3 >> 48
            v3 ^= v2
            v0 &+= v3
            v3 = v3 << 21 | v3 >> 43
            v3 ^= v0
            v2 &+= v1
            v1 = v1 << 17 | v1 >> 47
            v1 ^= v2
            v2 = v2 << 32 | v2 >> 32
        }
    }
}
