public import Ledger
public import Primitives

/// Reads what a node operator's statement is made of, beside the books.
public struct OperatorStore: Sendable {
    /// Something that a leaf did to an operator's money.
    public struct Event: Hashable, Sendable {
        /// The leaf.
        public let logIndex: UInt64
        /// Its time.
        public let time: UInt64
        /// The epoch of whose result it is; 0 where there is none.
        public let epoch: UInt64
        /// How much.
        public let amount: Amount
    }

    private let transaction: Transaction

    /// Reads within a transaction, a snapshot for a whole statement.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// The books' entries of a range that move one of some accounts, in order and bounded memory, each with its postings to
    /// these accounts only.
    public func forEachEntry(
        _ numbers: Range<UInt64>, of accounts: Set<LedgerAccount>, _ body: (LedgerEntry) throws -> Void
    ) async throws {
        var open: LedgerEntry?
        try await transaction.forEachRow(
            """
            SELECT e.*, p.account, p.debit, p.credit FROM ledger_postings AS p \
            JOIN ledger_entries AS e ON e.number = p.entry WHERE p.account = ANY(\(accounts.map(\.name).sorted())) \
            AND p.entry >= \(numbers.lowerBound) AND p.entry < \(numbers.upperBound) \
            ORDER BY e.number, p.account COLLATE "C"
            """
        ) { row in
            let number = try row.unsigned("number")
            if let ended = open, ended.number != number {
                try body(ended)
                open = nil
            }
            guard let kind = EntryKind(rawValue: try row.text("kind")) else {
                throw StorageCorruption("entry \(number) is of an unknown kind")
            }
            let posting = Posting(
                account: try row.account("account"), debit: try row.amount("debit"), credit: try row.amount("credit"))
            open = LedgerEntry(
                number: number, previous: try row.hash("previous"), time: try row.unsigned("time"),
                epoch: try row.unsigned("epoch"), kind: kind, reference: try row.text("reference"),
                postings: (open?.postings ?? []) + [posting])
        }
        if let open { try body(open) }
    }

    /// What leaves of a range took of a node's stake.
    public func slashes(of node: UInt32, in leaves: Range<UInt64>) async throws -> [Event] {
        try await transaction.query(
            """
            SELECT log_index, time, 0 AS epoch, amount FROM slashes WHERE node = \(UInt64(node)) \
            AND log_index >= \(leaves.lowerBound) AND log_index < \(leaves.upperBound) ORDER BY log_index
            """
        ).map(Self.event)
    }

    /// The claims of a node that leaves of a range paid.
    public func claims(of node: UInt32, in leaves: Range<UInt64>) async throws -> [Event] {
        try await transaction.query(
            """
            SELECT log_index, (\(unescaped: MovementSQL.leafTime("c.log_index"))) AS time, epoch, paid AS amount \
            FROM claims AS c WHERE node = \(UInt64(node)) \
            AND log_index >= \(leaves.lowerBound) AND log_index < \(leaves.upperBound) ORDER BY log_index
            """
        ).map(Self.event)
    }

    private static func event(_ row: Row) throws -> Event {
        Event(
            logIndex: try row.unsigned("log_index"), time: try row.unsigned("time"), epoch: try row.unsigned("epoch"),
            amount: try row.amount("amount"))
    }
}
