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
    /// Rotation of the lane that ρ and π move to place `i` of ``lanes``' walk.
    private static let rotations: [UInt64] = [
        1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
    ]
    private static let lanes = [
        10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
    ]

    /// The digest of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> Bytes32 {
        var state = [UInt64](repeating: 0, count: 25)
        var offset = 0
        while bytes.count - offset >= rate {
            absorb(bytes[offset..<offset + rate], into: &state)
            offset += rate
        }
        var last = Array(bytes[offset...])
        last.append(0x01)
        last.append(contentsOf: repeatElement(0, count: rate - last.count))
        last[rate - 1] |= 0x80
        absorb(last[...], into: &state)

        var digest: [UInt8] = []
        digest.reserveCapacity(32)
        for lane in state[0..<4] {
            withUnsafeBytes(of: lane.littleEndian) { digest.append(contentsOf: $0) }
        }
        return Bytes32(unchecked: digest)
    }

    private static func absorb(_ block: ArraySlice<UInt8>, into state: inout [UInt64]) {
        var place = block.startIndex
        for lane in 0..<rate / 8 {
            var value: UInt64 = 0
            for byte in 0..<8 { value |= UInt64(block[place + byte]) << (8 * UInt64(byte)) }
            state[lane] ^= value
            place += 8
        }
        state.withUnsafeMutableBufferPointer { permute($0) }
    }

    private static func permute(_ state: UnsafeMutableBufferPointer<UInt64>) {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 5) { column in
            for constant in roundConstants {
                for x in 0..<5 {
                    column[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]
                }
                for x in 0..<5 {
                    let mix = column[(x + 4) % 5] ^ rotate(column[(x + 1) % 5], 1)
                    for y in stride(from: 0, to: 25, by: 5) { state[x + y] ^= mix }
                }
                var moved = state[1]
                for step in 0..<24 {
                    let lane = lanes[step]
                    let next = state[lane]
                    state[lane] = rotate(moved, rotations[step])
                    moved = next
                }
                for y in stride(from: 0, to: 25, by: 5) {
                    for x in 0..<5 { column[x] = state[y + x] }
                    for x in 0..<5 { state[y + x] = column[x] ^ (~column[(x + 1) % 5] & column[(x + 2) % 5]) }
                }
                state[0] ^= constant
            }
        }
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
