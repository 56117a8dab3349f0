public import Channels
public import Ledger
public import Primitives

/// Refunds on one ground.
public struct GroundTotal: Hashable, Sendable {
    /// The ground's number.
    public let ground: UInt8
    /// How many parts of charges went back.
    public let count: UInt64
    /// What they were.
    public let amount: Amount
}

/// A part of a charge that went back, or what a pool paid of what it owed.
public struct MovedRefund: Sendable {
    /// The entry that moved it.
    public let entry: UInt64
    /// The leaf that says why.
    public let logIndex: UInt64
    /// Why.
    public let ground: RefundGround
    /// Out of which purse.
    public let source: RefundSource
    /// The charge; `nil` where a pool paid, whose debts are by leaf and channel.
    public let charge: UInt64?
    /// The part of the charge.
    public let part: String?
    /// The channel that paid the charge.
    public let channel: Bytes32
    /// How much.
    public let amount: Amount
}

/// Reads what a report of a period is made of. Figures are as they were at entry numbers and log indexes, so that a period's
/// report is the same whenever it is made.
public struct PeriodStore: Sendable {
    private let transaction: Transaction

    /// Reads within a transaction, a snapshot for a whole report.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// The entries of a range of log time, both ends included, by number: from the first to the one after the last.
    public func entries(from: UInt64, to: UInt64) async throws -> Range<UInt64> {
        let rows = try await transaction.query(
            """
            SELECT (SELECT count(*) FROM ledger_entries WHERE time < \(from)) + 1 AS first, \
            (SELECT count(*) FROM ledger_entries WHERE time <= \(to)) + 1 AS end
            """)
        guard let row = rows.first else { return 1..<1 }
        let first = try row.unsigned("first")
        return first..<max(first, try row.unsigned("end"))
    }

    /// The leaves of a range of log time, both ends included.
    public func leaves(from: UInt64, to: UInt64, size: UInt64) async throws -> Range<UInt64> {
        let rows = try await transaction.query(
            """
            SELECT (SELECT coalesce(min(first_index), \(size)) FROM log_blocks WHERE time >= \(from)) AS first, \
            (SELECT coalesce(min(first_index), \(size)) FROM log_blocks WHERE time > \(to)) AS end
            """)
        guard let row = rows.first else { return 0..<0 }
        let first = try row.unsigned("first")
        return first..<max(first, try row.unsigned("end"))
    }

    /// The anchor of an entry; `nil` where there is none of this number.
    public func anchor(of number: UInt64) async throws -> EntryAnchor? {
        try await transaction.query("SELECT hash FROM ledger_entries WHERE number = \(number)").first.map {
            EntryAnchor(number: number, hash: try $0.hash("hash"))
        }
    }

    /// What entries moved, by account and kind.
    public func flows(
        _ entries: Range<UInt64>
    ) async throws -> [(account: LedgerAccount, kind: EntryKind, totals: AccountTotals)] {
        try await transaction.query(
            """
            SELECT p.account, e.kind, sum(p.debit) AS debits, sum(p.credit) AS credits FROM ledger_postings AS p \
            JOIN ledger_entries AS e ON e.number = p.entry \
            WHERE p.entry >= \(entries.lowerBound) AND p.entry < \(entries.upperBound) GROUP BY p.account, e.kind \
            ORDER BY p.account COLLATE "C", e.kind COLLATE "C"
            """
        ).map { row in
            guard let kind = EntryKind(rawValue: try row.text("kind")) else {
                throw StorageCorruption("an entry of an unknown kind")
            }
            return (
                try row.account("account"), kind,
                AccountTotals(debits: try row.amount("debits"), credits: try row.amount("credits"))
            )
        }
    }

    /// What went back by leaves of a range, by ground: out of holds and stakes with the decision, out of a pool when it paid.
    public func refunds(_ leaves: Range<UInt64>) async throws -> [GroundTotal] {
        try await transaction.query(
            """
            SELECT ground, count(*) AS count, sum(amount) AS amount FROM ( \
            SELECT ground, amount FROM refunds WHERE source <> 'pool' \
            AND log_index >= \(leaves.lowerBound) AND log_index < \(leaves.upperBound) \
            UNION ALL SELECT d.ground, p.amount FROM repayments AS p \
            JOIN debts AS d ON d.log_index = p.debt AND d.channel = p.channel \
            WHERE p.log_index >= \(leaves.lowerBound) AND p.log_index < \(leaves.upperBound)) AS moved \
            GROUP BY ground ORDER BY ground
            """
        ).map {
            GroundTotal(
                ground: UInt8(clamping: try $0.int("ground")), count: try $0.unsigned("count"),
                amount: try $0.amount("amount"))
        }
    }

    /// What ``refunds(_:)`` adds up, line by line in the order of entries and leaves.
    public func forEachRefund(_ leaves: Range<UInt64>, _ body: (MovedRefund) throws -> Void) async throws {
        try await transaction.forEachRow(
            """
            SELECT coalesce((SELECT number FROM ledger_entries WHERE reference = CASE r.ground \
            WHEN 3 THEN 'welcome:' WHEN 4 THEN 'deletion:' WHEN 5 THEN 'overcharge:' ELSE 'double-charge:' END \
            || r.charge), (SELECT number FROM ledger_entries WHERE reference = 'cut:' || e.number)) AS entry, \
            r.log_index, r.ground, r.source, r.charge, r.part, ch.channel_id, r.amount FROM refunds AS r \
            JOIN charges AS c ON c.number = r.charge JOIN channels AS ch ON ch.number = c.channel \
            JOIN epochs AS e ON c.number >= e.first_charge AND (e.end_charge IS NULL OR c.number < e.end_charge) \
            WHERE r.source <> 'pool' AND r.log_index >= \(leaves.lowerBound) AND r.log_index < \(leaves.upperBound) \
            UNION ALL SELECT (SELECT number FROM ledger_entries WHERE reference = 'repayment:' || e.number), \
            p.debt, d.ground, 'pool', NULL, NULL, ch.channel_id, p.amount FROM repayments AS p \
            JOIN debts AS d ON d.log_index = p.debt AND d.channel = p.channel \
            JOIN channels AS ch ON ch.number = p.channel \
            JOIN epochs AS e ON p.log_index >= e.first_index AND (e.end_index IS NULL OR p.log_index < e.end_index) \
            WHERE p.log_index >= \(leaves.lowerBound) AND p.log_index < \(leaves.upperBound) \
            ORDER BY entry, log_index, charge, part
            """
        ) { row in
            guard let ground = RefundGround(rawValue: UInt8(clamping: try row.int("ground"))),
                let source = RefundSource(rawValue: try row.text("source"))
            else { throw StorageCorruption("a refund on an unknown ground, or out of an unknown purse") }
            try body(
                MovedRefund(
                    entry: try row.unsigned("entry"), logIndex: try row.unsigned("log_index"), ground: ground,
                    source: source, charge: try row.optionalUnsigned("charge"), part: try row.optionalText("part"),
                    channel: try row.hash("channel_id"), amount: try row.amount("amount")))
        }
    }

    /// The epochs whose pools were distributed by entries of a range.
    public func distributed(_ entries: Range<UInt64>) async throws -> [UInt64] {
        try await transaction.query(
            """
            SELECT reference FROM ledger_entries WHERE kind = 'distribution' \
            AND number >= \(entries.lowerBound) AND number < \(entries.upperBound) ORDER BY number
            """
        ).compactMap { try $0.text("reference").split(separator: ":").last.flatMap { UInt64($0) } }
    }

    /// How many charges leaves of a range recorded.
    public func chargeCount(_ leaves: Range<UInt64>) async throws -> UInt64 {
        let rows = try await transaction.query(
            """
            SELECT count(*) AS count FROM charges \
            WHERE log_index >= \(leaves.lowerBound) AND log_index < \(leaves.upperBound)
            """)
        return try rows.first?.unsigned("count") ?? 0
    }
}
