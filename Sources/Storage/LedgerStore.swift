import Channels
public import Ledger
public import Primitives

/// Reads the journal, entry by entry in bounded memory, and what its control accounts stand for.
public struct LedgerStore: Sendable {
    private let transaction: Transaction

    /// Reads within a transaction, a snapshot for a whole check.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Entries by number with the hashes on record, from the database's rows as they are: a row that is missing, doubled or
    /// altered is handed on as it is found.
    public func forEachEntry(
        _ numbers: Range<UInt64>, _ body: (_ entry: LedgerEntry, _ hash: Bytes32) throws -> Void
    ) async throws {
        var open: (head: LedgerEntry, hash: Bytes32, postings: [Posting])?
        func close() throws {
            guard let found = open else { return }
            try body(found.head.with(found.postings), found.hash)
        }
        try await transaction.forEachRow(
            """
            SELECT e.*, p.account, p.debit, p.credit FROM ledger_entries AS e \
            LEFT JOIN ledger_postings AS p ON p.entry = e.number \
            WHERE e.number >= \(numbers.lowerBound) AND e.number < \(numbers.upperBound) \
            ORDER BY e.number, p.account COLLATE "C"
            """
        ) { row in
            let number = try row.unsigned("number")
            if open?.head.number != number {
                try close()
                guard let kind = EntryKind(rawValue: try row.text("kind")) else {
                    throw StorageCorruption("entry \(number) is of an unknown kind")
                }
                let head = LedgerEntry(
                    number: number, previous: try row.hash("previous"), time: try row.unsigned("time"),
                    epoch: try row.unsigned("epoch"), kind: kind, reference: try row.text("reference"), postings: [])
                open = (head, try row.hash("hash"), [])
            }
            guard try row.optionalText("account") != nil else { return }
            let (debit, credit) = (try row.amount("debit"), try row.amount("credit"))
            guard (debit > .zero) != (credit > .zero) else {
                throw StorageCorruption("a posting of entry \(number) has not one side")
            }
            open?.postings.append(Posting(account: try row.account("account"), debit: debit, credit: credit))
        }
        try close()
    }

    /// The number of the last entry at or before a moment of log time; 0 where there is none.
    public func lastEntry(at time: UInt64) async throws -> UInt64 {
        let rows = try await transaction.query(
            "SELECT coalesce(max(number), 0) AS number FROM ledger_entries WHERE time <= \(time)")
        return try rows.first?.unsigned("number") ?? 0
    }

    /// Where the journal ends.
    public func end() async throws -> EntryAnchor {
        guard let row = try await transaction.query("SELECT entry_number, entry_hash FROM instance").first else {
            throw StorageCorruption("this database holds no instance")
        }
        return EntryAnchor(number: try row.unsigned("entry_number"), hash: try row.hash("entry_hash"))
    }

    /// The totals that are kept beside the journal.
    public func storedTotals() async throws -> [LedgerAccount: AccountTotals] {
        var totals: [LedgerAccount: AccountTotals] = [:]
        for row in try await transaction.query("SELECT name, debits, credits FROM ledger_accounts") {
            totals[try row.account("name")] = AccountTotals(
                debits: try row.amount("debits"), credits: try row.amount("credits"))
        }
        return totals
    }

    /// What each control account stands for, summed from its sub-ledger as it is now.
    public func subledgers() async throws -> [(account: LedgerAccount, sum: Amount)] {
        let rows = try await transaction.query(
            """
            SELECT (SELECT coalesce(sum(deposited + refunded - withdrawn), 0) FROM channels) \
            - (SELECT coalesce(sum(charged), 0) FROM lanes) AS channels, \
            (SELECT coalesce(sum(c.base + c.congestion), 0) FROM charges AS c \
            JOIN epochs AS e ON c.number >= e.first_charge AND (e.end_charge IS NULL OR c.number < e.end_charge) \
            WHERE e.cut_index IS NULL AND NOT EXISTS (SELECT FROM voids AS v WHERE v.charge = c.number)) \
            - (SELECT coalesce(sum(r.amount), 0) FROM refunds AS r JOIN charges AS c ON c.number = r.charge \
            JOIN epochs AS e ON c.number >= e.first_charge AND (e.end_charge IS NULL OR c.number < e.end_charge) \
            WHERE e.cut_index IS NULL AND r.source = 'hold' AND r.part IN ('base', 'congestion') \
            AND NOT EXISTS (SELECT FROM voids AS v WHERE v.charge = c.number)) AS base, \
            (SELECT coalesce(sum(h.daily * (h.expiry_day - i.last_midnight)), 0) FROM storage_holds AS h, instance AS i \
            WHERE h.expiry_day > i.last_midnight) AS storage, \
            (SELECT coalesce(sum(amount - given_up), 0) FROM postage_holds WHERE decided_index IS NULL) AS postage
            """)
        guard let row = rows.first else { return [] }
        return [
            (.channels, try row.amount("channels")), (.held(.base), try row.amount("base")),
            (.held(.storage), try row.amount("storage")), (.held(.postage), try row.amount("postage")),
        ]
    }

    /// Triggers that guard what is recorded and that are missing or switched off, by table and name.
    public func missingGuards() async throws -> [String] {
        let rows = try await transaction.query(
            """
            SELECT c.relname || '.' || t.tgname AS guard FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid \
            WHERE NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')
            """)
        let present = Set(try rows.map { try $0.text("guard") })
        return Self.guards.filter { !present.contains($0) }
    }

    /// Tables whose rows are never changed.
    private static let fixed = [
        "ledger_entries", "ledger_postings", "log_blocks", "log_tiles", "voucher_blocks", "charges",
        "restored_charges", "voids", "refunds", "releases", "outages", "repayments", "slashes", "settlements",
        "settlement_refusals", "claims", "channel_statements", "equivocations", "corrections",
    ]

    private static let guards =
        fixed.map { "\($0).\($0)_fixed" }
        + (fixed + ["ledger_accounts", "channels", "debts"]).map { "\($0).\($0)_not_emptied" }
        + [
            "ledger_entries.ledger_entries_follow", "ledger_postings.ledger_postings_balance",
            "ledger_accounts.ledger_accounts_grow", "ledger_accounts.ledger_accounts_kept",
            "channels.channels_forward", "channels.channels_kept", "debts.debts_paid", "debts.debts_kept",
            "schedules.schedules_fixed",
        ]
}

extension LedgerEntry {
    fileprivate func with(_ postings: [Posting]) -> LedgerEntry {
        LedgerEntry(
            number: number, previous: previous, time: time, epoch: epoch, kind: kind, reference: reference,
            postings: postings)
    }
}
