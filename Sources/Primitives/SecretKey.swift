import CCrypto

/// A secp256k1 secret key. Its bytes are wiped when the last reference goes.
///
/// It has no description, no `Codable` and no equality: a secret is only ever used to sign or to be stored.
public final class SecretKey: Sendable {
    private let storage: Storage
    /// The address of the key.
    public let address: Address

    /// Takes 32 bytes that are a scalar in 1 … n − 1; anything else is `nil`.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count == 32, Secp256k1.isValidSecret(bytes) else { return nil }
        storage = Storage(bytes)
        let key = Secp256k1.publicKey(of: bytes)
        address = Address(unchecked: Array(Keccak256.hash(Array(key.dropFirst())).bytes.suffix(20)))
    }

    /// Derives a key from a seed and a label, the same one each time: SHA-256 of both and a counter, first valid scalar.
    ///
    /// For demonstrations and tests; whoever knows the seed knows the key.
    public convenience init(seed: UInt64, label: String) {
        var counter: UInt32 = 0
        while true {
            var encoder = CanonicalEncoder(tag: "feesvc/seeded-key/1")
            encoder.append(seed)
            encoder.append(label)
            encoder.append(counter)
            let candidate = SHA256.hash(encoder.bytes).bytes
            if Secp256k1.isValidSecret(candidate) {
                self.init(checked: candidate)
                return
            }
            counter += 1
        }
    }

    private init(checked bytes: [UInt8]) {
        storage = Storage(bytes)
        let key = Secp256k1.publicKey(of: bytes)
        address = Address(unchecked: Array(Keccak256.hash(Array(key.dropFirst())).bytes.suffix(20)))
    }

    /// Signs a digest; deterministic (RFC 6979), low s.
    public func sign(_ digest: Bytes32) -> Signature {
        let (compact, id) = storage.withBytes { Secp256k1.sign(digest: digest.bytes, secret: $0) }
        do {
            return try Signature(compact + [UInt8(27 + id)])
        } catch {
            preconditionFailure("libsecp256k1 signs with low s and a recovery id of 0 or 1: \(error)")
        }
    }

    /// The 32 bytes, for writing the key to its file.
    public func exportBytes() -> [UInt8] { storage.withBytes { $0 } }

    private final class Storage: Sendable {
        private let pointer: SendablePointer

        /// `@unchecked Sendable`: the compiler can't see through a pointer. An array would be copied by the runtime and
        /// could not be wiped. The bytes are written in `init`, before anybody else has the object, only read after
        /// it, and wiped in `deinit`, when nobody has it any more.
        private struct SendablePointer: @unchecked Sendable {
            let base: UnsafeMutablePointer<UInt8>
        }

        init(_ bytes: [UInt8]) {
            let base = UnsafeMutablePointer<UInt8>.allocate(capacity: 32)
            base.initialize(from: bytes, count: 32)
            pointer = SendablePointer(base: base)
        }

        deinit {
            OPENSSL_cleanse(pointer.base, 32)
            pointer.base.deallocate()
        }

        func withBytes<Result>(_ body: ([UInt8]) -> Result) -> Result {
            body(Array(UnsafeBufferPointer(start: pointer.base, count: 32)))
        }
    }
}
