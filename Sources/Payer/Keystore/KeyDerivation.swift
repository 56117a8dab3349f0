import CCrypto
import Primitives

/// How a password becomes the 32 bytes that encrypt a key and prove the password.
enum KeyDerivation: Hashable, Sendable {
    /// scrypt, RFC 7914.
    case scrypt(ScryptCost, salt: [UInt8])
    /// PBKDF2 with HMAC-SHA-256, RFC 8018 §5.2; 1 … ``iterationsMax`` iterations.
    case pbkdf2(iterations: Int32, salt: [UInt8])

    /// Ten times what wallets write; some seconds.
    static let iterationsMax: UInt64 = 10_000_000
    /// The longest salt, in bytes; wallets write 16 or 32.
    static let saltBytesMax = 64

    /// Derives the 32 bytes from the password's UTF-8, as it is: nothing is normalized. Whoever calls wipes them.
    func key(password: String) throws(KeystoreError) -> [UInt8] {
        var password = Array(password.utf8)
        defer { password.wipe() }
        switch self {
        case .pbkdf2(let iterations, let salt):
            return PBKDF2.derive(password: password, salt: salt, iterations: iterations, count: 32)
        case .scrypt(let cost, let salt) where NarrowScrypt.isNeeded(for: cost):
            return try NarrowScrypt.derive(password: password, salt: salt, cost: cost)
        case .scrypt(let cost, let salt):
            return try Self.scrypt(password: password, salt: salt, cost: cost)
        }
    }

    private static func scrypt(
        password: [UInt8], salt: [UInt8], cost: ScryptCost
    ) throws(KeystoreError) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: 32)
        let done = password.withUnsafeBytes { password in
            EVP_PBE_scrypt(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), password.count, salt, salt.count, cost.n,
                cost.r, cost.p, 2 * ScryptCost.bytesMax, &key, key.count)
        }
        // The parameters keep libcrypto's bounds, so that only the memory can be lacking.
        guard done == 1 else { throw .noMemory(bytes: cost.memory) }
        return key
    }
}

/// PBKDF2 with HMAC-SHA-256 (RFC 8018 §5.2) by the system's libcrypto.
enum PBKDF2 {
    static func derive(password: [UInt8], salt: [UInt8], iterations: Int32, count: Int) -> [UInt8] {
        var key = [UInt8](repeating: 0, count: count)
        let done = password.withUnsafeBytes { password in
            PKCS5_PBKDF2_HMAC(
                password.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(password.count), salt,
                Int32(salt.count), iterations, EVP_sha256(), Int32(count), &key)
        }
        precondition(done == 1, "libcrypto derives a key for any password, salt and positive count of iterations")
        return key
    }
}

extension [UInt8] {
    /// Overwrites a secret. Copies that were made of it before are not reached.
    mutating func wipe() {
        withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) }
    }
}
