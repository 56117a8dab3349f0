public import Primitives

/// Why a key was not encrypted or decrypted.
public enum KeystoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The password does not fit the file: it is another, or the file was changed.
    case wrongPassword
    /// The password fits, but what was encrypted is no secret key of secp256k1.
    case notAKey
    /// The key has another address than the file states.
    case otherAddress(stated: Address, found: Address)
    /// The machine does not give the memory that the derivation needs.
    case noMemory(bytes: UInt64)

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .wrongPassword: "The password is wrong, or the key file was changed."
        case .notAKey: "The key file holds something else than a secret key."
        case .otherAddress(let stated, let found): "The key file says \(stated), but its key's address is \(found)."
        case .noMemory(let bytes):
            "Opening the key takes \(bytes >> 20) MiB of memory, which this machine does not give."
        }
    }
}
