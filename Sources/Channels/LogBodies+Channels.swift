public import Primitives

/// Why a channel began to close.
public enum ClosingCause: UInt8, Hashable, Sendable {
    /// Its payer asked for it.
    case payer = 1
    /// The service did, by an administrative act.
    case service = 2
}

/// What happens to a channel: the log names it only by a salted commitment, opened to its payer and to auditors, and the
/// payer's statement only by its digest.
extension LogBody {
    /// A channel that began to close: `tagged "feesvc/closing/1": b32 commitment, u8 cause, u64 closesAt, b32 statement`.
    public static func closing(
        commitment: Bytes32, cause: ClosingCause, closesAt: UInt64, statement: Bytes32
    ) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/closing/1")
        encoder.append(commitment)
        encoder.append(cause.rawValue)
        encoder.append(closesAt)
        encoder.append(statement)
        return LeafDraft(.closing, encoder.bytes)
    }

    /// Money that a payer took out: `tagged "feesvc/withdrawal/1": b32 commitment, u128 amount, b32 statement`.
    public static func withdrawal(commitment: Bytes32, amount: Amount, statement: Bytes32) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/withdrawal/1")
        encoder.append(commitment)
        encoder.append(amount)
        encoder.append(statement)
        return LeafDraft(.withdrawal, encoder.bytes)
    }

    /// Signers that changed: `tagged "feesvc/signer/1": b32 commitment, b32 statement`.
    public static func signer(commitment: Bytes32, statement: Bytes32) -> LeafDraft {
        var encoder = CanonicalEncoder(tag: "feesvc/signer/1")
        encoder.append(commitment)
        encoder.append(statement)
        return LeafDraft(.signer, encoder.bytes)
    }
}
