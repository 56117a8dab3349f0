import CCrypto

/// SHA-256 (FIPS 180-4) by the system's libcrypto.
public enum SHA256 {
    /// The digest of `bytes`.
    public static func hash(_ bytes: [UInt8]) -> Bytes32 {
        bytes.withUnsafeBytes { hash($0) }
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
