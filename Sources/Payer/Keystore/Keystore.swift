import CCrypto
public import Foundation
public import Primitives

/// A secret key under a password, as wallets write it: Web3 Secret Storage, version 3, with AES-128-CTR.
///
/// The password goes through scrypt or PBKDF2; the first half of the result encrypts the key, the second half and the
/// ciphertext give the MAC (Keccak-256) that tells a wrong password from the right one. Deriving blocks a CPU for about
/// half a second and takes 128 MiB at the standard cost, for some seconds and 512 MiB in the worst file that is read, so
/// ``decrypt(password:)`` and the encrypting initializers must not run on the cooperative pool, whose threads (one a core)
/// must never block: their async twins in `Keystore+Async.swift` have a thread of their own.
/// - seealso: ethereum.org, *Web3 secret storage definition*.
public struct Keystore: Hashable, Sendable {
    /// The longest file that is read, in bytes: twenty times what wallets write.
    public static let bytesMax = 16 << 10

    /// The random name of the key, which says nothing about it.
    public let id: UUID
    /// The address that the file states. Nobody signed it: only ``decrypt(password:)`` proves it.
    public let address: Address?

    let derivation: KeyDerivation
    let iv: [UInt8]
    let ciphertext: Bytes32
    let mac: Bytes32

    init(id: UUID, address: Address?, derivation: KeyDerivation, iv: [UInt8], ciphertext: Bytes32, mac: Bytes32) {
        self.id = id
        self.address = address
        self.derivation = derivation
        self.iv = iv
        self.ciphertext = ciphertext
        self.mac = mac
    }

    /// Encrypts `key` with scrypt; equal arguments give an equal keystore.
    ///
    /// `salt`, `iv` (16 bytes) and `id` must be drawn anew for each keystore: two keys under one password, salt and iv
    /// give each other away, since the cipher adds the same stream to both.
    public init(
        encrypting key: SecretKey, password: String, salt: Bytes32, iv: [UInt8], id: UUID, cost: ScryptCost
    ) throws(KeystoreError) {
        precondition(iv.count == 16, "AES has blocks of 16 bytes, and so has the start of its counter")
        let derivation = KeyDerivation.scrypt(cost, salt: salt.bytes)
        var derived = try derivation.key(password: password)
        defer { derived.wipe() }
        var secret = key.exportBytes()
        defer { secret.wipe() }
        guard let ciphertext = Bytes32(Self.addStream(to: secret, derived: derived, iv: iv)) else {
            preconditionFailure("a stream cipher keeps the length")
        }
        self.init(
            id: id, address: key.address, derivation: derivation, iv: iv, ciphertext: ciphertext,
            mac: Self.mac(derived, ciphertext))
    }

    /// Decrypts the key; throws where the password or the stated address does not fit. Blocks, see above.
    public func decrypt(password: String) throws(KeystoreError) -> SecretKey {
        var derived = try derivation.key(password: password)
        defer { derived.wipe() }
        guard CRYPTO_memcmp(Self.mac(derived, ciphertext).bytes, mac.bytes, 32) == 0 else { throw .wrongPassword }
        var secret = Self.addStream(to: ciphertext.bytes, derived: derived, iv: iv)
        defer { secret.wipe() }
        guard let key = SecretKey(secret) else { throw .notAKey }
        if let address, address != key.address { throw .otherAddress(stated: address, found: key.address) }
        return key
    }

    private static func mac(_ derived: [UInt8], _ ciphertext: Bytes32) -> Bytes32 {
        var body = Array(derived[16..<32]) + ciphertext.bytes
        defer { body.wipe() }
        return Keccak256.hash(body)
    }

    /// AES-128 in counter mode (NIST SP 800-38A §6.5), which encrypts and decrypts alike. Its key is the first half of
    /// what was derived.
    private static func addStream(to text: [UInt8], derived: [UInt8], iv: [UInt8]) -> [UInt8] {
        guard let context = EVP_CIPHER_CTX_new() else { preconditionFailure("libcrypto has no memory for a cipher") }
        defer { EVP_CIPHER_CTX_free(context) }
        var out = [UInt8](repeating: 0, count: text.count)
        var count: Int32 = 0
        let done =
            EVP_EncryptInit_ex(context, EVP_aes_128_ctr(), nil, derived, iv) == 1
            && EVP_EncryptUpdate(context, &out, &count, text, Int32(text.count)) == 1
        precondition(done && count == text.count, "AES-128-CTR of libcrypto takes any key, counter and text")
        return out
    }
}
