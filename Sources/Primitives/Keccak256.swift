/// Keccak-256 as Ethereum uses it: Keccak[c = 512] with the original padding byte 0x01.
///
/// FIPS 202's SHA3-256 differs in that byte only (0x06), so no SHA-3 library can stand in.
/// - seealso: The Keccak reference, version 3.0, sections 1.2 and 2.1.
public enum Keccak256 {
    private static let rate = 136

    private static let roundConstants: [UInt64] = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
        0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]
    /// The digest of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> Bytes32 {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// The digest of what a buffer holds.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> Bytes32 {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 25) { state in
            state.initialize(repeating: 0)
            var offset = 0
            while bytes.count - offset >= rate {
                absorb(UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + rate]), into: state)
                offset += rate
            }
            withUnsafeTemporaryAllocation(byteCount: rate, alignment: 8) { last in
                let rest = bytes.count - offset
                last.initializeMemory(as: UInt8.self, repeating: 0)
                if rest > 0 { last.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[offset...])) }
                last[rest] = 0x01
                last[rate - 1] |= 0x80
                absorb(UnsafeRawBufferPointer(last), into: state)
            }
            for lane in 0..<4 { state[lane] = state[lane].littleEndian }
            return Bytes32(raw: UnsafeRawBufferPointer(state))
        }
    }

    private static func absorb(_ block: UnsafeRawBufferPointer, into state: UnsafeMutableBufferPointer<UInt64>) {
        for lane in 0..<rate / 8 {
            state[lane] ^= UInt64(littleEndian: block.loadUnaligned(fromByteOffset: 8 * lane, as: UInt64.self))
        }
        permute(state)
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }

    /// Keccak-f[1600]. Lane `ayx` stands in row y, column x; each round is written out, so that lanes stay in registers.
    private static func permute(_ state: UnsafeMutableBufferPointer<UInt64>) {
        var a00 = state[0], a01 = state[1], a02 = state[2], a03 = state[3], a04 = state[4]
        var a10 = state[5], a11 = state[6], a12 = state[7], a13 = state[8], a14 = state[9]
        var a20 = state[10], a21 = state[11], a22 = state[12], a23 = state[13], a24 = state[14]
        var a30 = state[15], a31 = state[16], a32 = state[17], a33 = state[18], a34 = state[19]
        var a40 = state[20], a41 = state[21], a42 = state[22], a43 = state[23], a44 = state[24]
        for constant in roundConstants {
            // θ
            let c0 = a00 ^ a10 ^ a20 ^ a30 ^ a40
            let c1 = a01 ^ a11 ^ a21 ^ a31 ^ a41
            let c2 = a02 ^ a12 ^ a22 ^ a32 ^ a42
            let c3 = a03 ^ a13 ^ a23 ^ a33 ^ a43
            let c4 = a04 ^ a14 ^ a24 ^ a34 ^ a44
            let d0 = c4 ^ rotate(c1, 1)
            let d1 = c0 ^ rotate(c2, 1)
            let d2 = c1 ^ rotate(c3, 1)
            let d3 = c2 ^ rotate(c4, 1)
            let d4 = c3 ^ rotate(c0, 1)
            // ρ and π
            let b00 = a00 ^ d0
            let b31 = rotate(a10 ^ d0, 36)
            let b12 = rotate(a20 ^ d0, 3)
            let b43 = rotate(a30 ^ d0, 41)
            let b24 = rotate(a40 ^ d0, 18)
            let b20 = rotate(a01 ^ d1, 1)
            let b01 = rotate(a11 ^ d1, 44)
            let b32 = rotate(a21 ^ d1, 10)
            let b13 = rotate(a31 ^ d1, 45)
            let b44 = rotate(a41 ^ d1, 2)
            let b40 = rotate(a02 ^ d2, 62)
            let b21 = rotate(a12 ^ d2, 6)
            let b02 = rotate(a22 ^ d2, 43)
            let b33 = rotate(a32 ^ d2, 15)
            let b14 = rotate(a42 ^ d2, 61)
            let b10 = rotate(a03 ^ d3, 28)
            let b41 = rotate(a13 ^ d3, 55)
            let b22 = rotate(a23 ^ d3, 25)
            let b03 = rotate(a33 ^ d3, 21)
            let b34 = rotate(a43 ^ d3, 56)
            let b30 = rotate(a04 ^ d4, 27)
            let b11 = rotate(a14 ^ d4, 20)
            let b42 = rotate(a24 ^ d4, 39)
            let b23 = rotate(a34 ^ d4, 8)
            let b04 = rotate(a44 ^ d4, 14)
            // χ and ι
            a00 = b00 ^ (~b01 & b02) ^ constant
            a01 = b01 ^ (~b02 & b03)
            a02 = b02 ^ (~b03 & b04)
            a03 = b03 ^ (~b04 & b00)
            a04 = b04 ^ (~b00 & b01)
            a10 = b10 ^ (~b11 & b12)
            a11 = b11 ^ (~b12 & b13)
            a12 = b12 ^ (~b13 & b14)
            a13 = b13 ^ (~b14 & b10)
            a14 = b14 ^ (~b10 & b11)
            a20 = b20 ^ (~b21 & b22)
            a21 = b21 ^ (~b22 & b23)
            a22 = b22 ^ (~b23 & b24)
            a23 = b23 ^ (~b24 & b20)
            a24 = b24 ^ (~b20 & b21)
            a30 = b30 ^ (~b31 & b32)
            a31 = b31 ^ (~b32 & b33)
            a32 = b32 ^ (~b33 & b34)
            a33 = b33 ^ (~b34 & b30)
            a34 = b34 ^ (~b30 & b31)
            a40 = b40 ^ (~b41 & b42)
            a41 = b41 ^ (~b42 & b43)
            a42 = b42 ^ (~b43 & b44)
            a43 = b43 ^ (~b44 & b40)
            a44 = b44 ^ (~b40 & b41)
        }
        state[0] = a00
        state[1] = a01
        state[2] = a02
        state[3] = a03
        state[4] = a04
        state[5] = a10
        state[6] = a11
        state[7] = a12
        state[8] = a13
        state[9] = a14
        state[10] = a20
        state[11] = a21
        state[12] = a22
        state[13] = a23
        state[14] = a24
        state[15] = a30
        state[16] = a31
        state[17] = a32
        state[18] = a33
        state[19] = a34
        state[20] = a40
        state[21] = a41
        state[22] = a42
        state[23] = a43
        state[24] = a44
    }
}
