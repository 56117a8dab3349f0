import CCrypto

/// SHA-256 (FIPS 180-4) by the system's libcrypto.
public enum SHA256 {
    /// The digest of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> Bytes32 {
        bytes.withUnsafeBytes { hash($0) }
    }

    /// The digest of bytes that come in parts.
    public struct Stream {
        private var state = SHA256_CTX()

        /// Starts without bytes.
        public init() { SHA256_Init(&state) }

        /// Takes the next bytes.
        public mutating func append(_ bytes: [UInt8]) {
            bytes.withUnsafeBytes { _ = SHA256_Update(&state, $0.baseAddress, $0.count) }
        }

        /// Takes the next 32 bytes.
        public mutating func append(_ word: Bytes32) {
            withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { buffer in
                word.write(to: buffer)
                _ = SHA256_Update(&state, buffer.baseAddress, 32)
            }
        }

        /// Takes the next integer, big-endian.
        public mutating func append<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value) {
            withUnsafeBytes(of: value.bigEndian) { _ = SHA256_Update(&state, $0.baseAddress, $0.count) }
        }

        /// The digest of all of them.
        public consuming func finish() -> Bytes32 {
            withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
                SHA256_Final(digest.assumingMemoryBound(to: UInt8.self).baseAddress, &state)
                return Bytes32(raw: UnsafeRawBufferPointer(digest))
            }
        }
    }

    /// The digest of what a buffer holds.
    static func hash(_ bytes: UnsafeRawBufferPointer) -> Bytes32 {
        var state = SHA256_CTX()
        SHA256_Init(&state)
        SHA256_Update(&state, bytes.baseAddress, bytes.count)
        return withUnsafeTemporaryAllocation(byteCount: 32, alignment: 8) { digest in
            SHA256_Final(digest.assumingMemoryBound(to: UInt8.self).baseAddress, &state)
            return Bytes32(raw: UnsafeRawBufferPointer(digest))
        }
    }
}
