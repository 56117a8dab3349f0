import Ledger
public import Primitives

/// Statements of the settlement key, each counted once by its reference.
public struct SettlementStore: Sendable {
    /// What a statement moved.
    public enum Kind: String, Sendable {
        /// Money into a channel.
        case deposit
        /// Money an operator put up.
        case stake
        /// Money paid out.
        case payout
        /// Money given to a pool.
        case grant
    }

    let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// What was recorded under a reference, if anything.
    public func recorded(_ reference: Bytes32) async throws -> (kind: Kind, subject: [UInt8], amount: Amount)? {
        let rows = try await transaction.query(
            "SELECT kind, subject, amount FROM settlements WHERE reference = \(reference.bytes)")
        guard let row = rows.first else { return nil }
        guard let kind = Kind(rawValue: try row.text("kind")) else {
            throw StorageCorruption("a settlement of an unknown kind")
        }
        return (kind, try row.bytes("subject"), try row.amount("amount"))
    }

    /// What the settlement ever confirmed, which the ledger's counters have to hold.
    public func everConfirmed() async throws -> Amount {
        let rows = try await transaction.query(
            "SELECT debits FROM ledger_accounts WHERE name = \(LedgerAccount.custody.name)")
        return try rows.first?.amount("debits") ?? .zero
    }

    /// Records a statement.
    public func record(
        _ kind: Kind, reference: Bytes32, subject: [UInt8], amount: Amount, signature: Signature, logIndex: UInt64
    ) async throws {
        _ = try await transaction.execute(
            """
            INSERT INTO settlements (reference, kind, subject, amount, signature, log_index) VALUES \
            (\(reference.bytes), \(kind.rawValue), \(subject), \(amount.units), \(signature.bytes), \(logIndex))
            """)
    }
}
