public import Primitives

/// A signed statement of the settlement that was refused for good.
public struct RefusedReference: Hashable, Sendable {
    /// The HTTP status of the answer.
    public let status: Int
    /// The stable code.
    public let code: String
    /// What was wrong.
    public let detail: String

    /// Makes one.
    public init(status: Int, code: String, detail: String) {
        self.status = status
        self.code = code
        self.detail = detail
    }
}

extension SettlementStore {
    /// Why a reference was refused, if it was.
    public func refusal(of reference: Bytes32) async throws -> RefusedReference? {
        try await transaction.query(
            "SELECT status, code, detail FROM settlement_refusals WHERE reference = \(reference.bytes)"
        ).first.map {
            RefusedReference(
                status: Int(try $0.int("status")), code: try $0.text("code"), detail: try $0.text("detail"))
        }
    }

    /// Keeps why a reference was refused.
    public func refuse(
        _ kind: Kind, reference: Bytes32, subject: [UInt8], amount: Amount, signature: Signature,
        _ refusal: RefusedReference, at time: UInt64
    ) async throws {
        let units = amount.units
        _ = try await transaction.execute(
            """
            INSERT INTO settlement_refusals \
            (reference, status, code, detail, kind, subject, amount, signature, refused_at) VALUES \
            (\(reference.bytes), \(UInt64(refusal.status)), \(refusal.code), \(refusal.detail), \(kind.rawValue), \
            \(subject), \(units), \(signature.bytes), \(time)) ON CONFLICT (reference) DO NOTHING
            """)
    }
}
