import CSecp256k1

/// The calls of libsecp256k1 that this protocol needs, with lengths fixed by the callers in this module.
///
/// libsecp256k1 allows a context to be shared by threads as long as no call takes it non-const; none here does.
enum Secp256k1 {
    /// `@unchecked Sendable`: the compiler can't see through a C pointer. It is set once and never freed, and
    /// libsecp256k1 only reads what it points to in the calls made here (they take the context const).
    private final class Context: @unchecked Sendable {
        let pointer: OpaquePointer

        init() {
            guard let made = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else {
                preconditionFailure("libsecp256k1 has no memory for a context")
            }
            pointer = made
        }
    }

    private static let context = Context()

    static func isValidSecret(_ secret: [UInt8]) -> Bool {
        secp256k1_ec_seckey_verify(context.pointer, secret) == 1
    }

    /// The uncompressed public key (65 bytes) of a valid secret.
    static func publicKey(of secret: [UInt8]) -> [UInt8] {
        var key = secp256k1_pubkey()
        guard secp256k1_ec_pubkey_create(context.pointer, &key, secret) == 1 else {
            preconditionFailure("a checked secret key has a public key")
        }
        return serialize(&key)
    }

    /// r ‖ s (low s) and the recovery id; deterministic (RFC 6979).
    static func sign(digest: [UInt8], secret: [UInt8]) -> (compact: [UInt8], id: Int32) {
        var signature = secp256k1_ecdsa_recoverable_signature()
        guard secp256k1_ecdsa_sign_recoverable(context.pointer, &signature, digest, secret, nil, nil) == 1 else {
            preconditionFailure("a checked secret key signs any digest")
        }
        var compact = [UInt8](repeating: 0, count: 64)
        var id: Int32 = 0
        secp256k1_ecdsa_recoverable_signature_serialize_compact(context.pointer, &compact, &id, &signature)
        return (compact, id)
    }

    static func recover(digest: [UInt8], compact: [UInt8], id: Int32) -> [UInt8]? {
        var signature = secp256k1_ecdsa_recoverable_signature()
        guard secp256k1_ecdsa_recoverable_signature_parse_compact(context.pointer, &signature, compact, id) == 1
        else { return nil }
        var key = secp256k1_pubkey()
        guard secp256k1_ecdsa_recover(context.pointer, &key, &signature, digest) == 1 else { return nil }
        return serialize(&key)
    }

    private static func serialize(_ key: inout secp256k1_pubkey) -> [UInt8] {
        var out = [UInt8](repeating: 0, count: 65)
        var length = 65
        secp256k1_ec_pubkey_serialize(context.pointer, &out, &length, &key, UInt32(SECP256K1_EC_UNCOMPRESSED))
        return out
    }
}
