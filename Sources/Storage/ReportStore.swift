public import Channels
public import Ledger
public import Primitives

/// Reads what reports and audits are made of. Each figure is as it was at a log index or entry number, so that an epoch's
/// report is the same whenever it is made.
public struct ReportStore: Sendable {
    private let transaction: Transaction

    /// Reads within a transaction, a snapshot for a whole report.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// What was held for storage by the charges up to `number`, gathered by expiry day; `index` is where the log stood.
    public func storageHolds(
        through number: UInt64, before index: UInt64, after day: UTCDay
    ) async throws -> StorageHolds {
        let rows = try await transaction.query(
            """
            SELECT expiry_day, sum(CASE WHEN r.is_over THEN 0 ELSE c.storage_per_day - coalesce(r.per_day, 0) END) \
            AS daily FROM charges AS c \
            LEFT JOIN (SELECT charge, sum(per_day) AS per_day, bool_or(NOT is_price) AS is_over FROM releases \
            WHERE log_index < \(index) GROUP BY charge) AS r ON r.charge = c.number \
            WHERE number <= \(number) AND expiry_day > \(UInt64(day.number)) GROUP BY expiry_day
            """)
        var daily: [UTCDay: Amount] = [:]
        for row in rows {
            daily[UTCDay(number: UInt32(clamping: try row.unsigned("expiry_day")))] = try row.amount("daily")
        }
        return StorageHolds(daily: daily)
    }

    /// The day whose midnight was captured last before the leaf at `index`.
    public func lastMidnight(before index: UInt64, genesis: Genesis) async throws -> UTCDay {
        guard let leaf = try await LogStore(transaction).lastLeaf(of: .midnight, before: index) else {
            return UTCDay(containing: genesis.start)
        }
        return try Midnight(canonicalBytes: leaf.body).day
    }

    /// A charge with what was held of it.
    public struct OpenCharge: Sendable {
        /// The charge's number.
        public let number: UInt64
        /// The base fee while it was held.
        public let base: Amount?
        /// The congestion fee while it was held.
        public let congestion: Amount?
        /// The expiry day.
        public let expiryDay: UTCDay
        /// What one day of its storage costs.
        public let storagePerDay: Amount
        /// Postage while it was held.
        public let postage: Amount?
        /// When the postage window ends.
        public let postageDue: UInt64?
        /// The epoch of the charge.
        public let epoch: UInt64
        /// The envelope that was paid.
        public let envelopeHash: Bytes32
    }

    /// The charges up to `number` whose base or postage was held before the leaf at `index`, in the order of their leaves.
    public func openCharges(through number: UInt64, before index: UInt64) async throws -> [OpenCharge] {
        var charges: [OpenCharge] = []
        try await forEachOpenCharge(through: number, before: index) { charges.append($0) }
        return charges
    }

    /// The same, in bounded memory.
    public func forEachOpenCharge(
        through number: UInt64, before index: UInt64, _ body: (OpenCharge) throws -> Void
    ) async throws {
        try await transaction.forEachRow(
            """
            WITH held AS (SELECT c.number, c.log_index, c.expiry_day, c.envelope_hash, e.number AS epoch, p.due, \
            CASE WHEN l.is_over THEN 0 ELSE c.storage_per_day - coalesce(l.per_day, 0) END AS storage_per_day, \
            CASE WHEN e.cut_index IS NULL OR e.cut_index >= \(index) THEN c.base - coalesce(r.base, 0) END AS base, \
            CASE WHEN e.cut_index IS NULL OR e.cut_index >= \(index) \
            THEN c.congestion - coalesce(r.congestion, 0) END AS congestion, \
            CASE WHEN p.decided_index IS NULL OR p.decided_index >= \(index) \
            THEN p.amount - coalesce(r.postage, 0) END AS postage \
            FROM charges AS c \
            JOIN epochs AS e ON c.number >= e.first_charge AND (e.end_charge IS NULL OR c.number < e.end_charge) \
            LEFT JOIN postage_holds AS p ON p.charge = c.number LEFT JOIN voids AS v ON v.charge = c.number \
            LEFT JOIN (SELECT charge, sum(per_day) AS per_day, bool_or(NOT is_price) AS is_over FROM releases \
            WHERE log_index < \(index) GROUP BY charge) AS l ON l.charge = c.number \
            LEFT JOIN (SELECT charge, sum(amount) FILTER (WHERE part = 'base') AS base, \
            sum(amount) FILTER (WHERE part = 'congestion') AS congestion, \
            sum(amount) FILTER (WHERE part = 'postage') AS postage FROM refunds \
            WHERE source = 'hold' AND log_index < \(index) GROUP BY charge) AS r ON r.charge = c.number \
            WHERE c.number <= \(number) AND (v.log_index IS NULL OR v.log_index >= \(index))) \
            SELECT * FROM held WHERE base IS NOT NULL OR postage IS NOT NULL ORDER BY log_index
            """
        ) { row in
            try body(
                OpenCharge(
                    number: try row.unsigned("number"), base: try row.optionalNumeric("base").map { Amount($0) },
                    congestion: try row.optionalNumeric("congestion").map { Amount($0) },
                    expiryDay: UTCDay(number: UInt32(clamping: try row.unsigned("expiry_day"))),
                    storagePerDay: try row.amount("storage_per_day"),
                    postage: try row.optionalNumeric("postage").map { Amount($0) },
                    postageDue: try row.optionalUnsigned("due"), epoch: try row.unsigned("epoch"),
                    envelopeHash: try row.hash("envelope_hash")))
        }
    }

    /// The parts of charges that went back in an epoch, by leaf and part, with the channels that got them.
    public func refunds(in epoch: UInt64) async throws -> [(refund: RefundRecord, channel: Bytes32)] {
        let rows = try await transaction.query(
            """
            SELECT r.*, ch.channel_id FROM refunds AS r JOIN charges AS c ON c.number = r.charge \
            JOIN channels AS ch ON ch.number = c.channel \
            WHERE r.epoch = \(epoch) ORDER BY r.log_index, r.charge, r.part, r.source
            """)
        return try rows.map { row in
            (try RefundRecord(row), try row.hash("channel_id"))
        }
    }

    /// What was claimed of an epoch's range, by leaf: node and amount.
    public func claimed(by node: UInt32, before index: UInt64) async throws -> Amount {
        let rows = try await transaction.query(
            """
            SELECT coalesce(sum(paid), 0) AS paid FROM claims \
            WHERE node = \(UInt64(node)) AND log_index < \(index)
            """)
        return try rows.first?.amount("paid") ?? .zero
    }

    /// The ledger's totals before an entry.
    public func totals(before entry: UInt64) async throws -> [LedgerAccount: AccountTotals] {
        let rows = try await transaction.query(
            """
            SELECT account, sum(debit) AS debits, sum(credit) AS credits FROM ledger_postings \
            WHERE entry < \(entry) GROUP BY account
            """)
        var totals: [LedgerAccount: AccountTotals] = [:]
        for row in rows {
            totals[try row.account("account")] = AccountTotals(
                debits: try row.amount("debits"), credits: try row.amount("credits"))
        }
        return totals
    }

    /// Entries by number, with their postings.
    public func entries(_ range: Range<UInt64>) async throws -> [LedgerEntry] {
        let rows = try await transaction.query(
            """
            SELECT p.entry, p.account, p.debit, p.credit FROM ledger_postings AS p \
            WHERE p.entry >= \(range.lowerBound) AND p.entry < \(range.upperBound) ORDER BY p.entry, p.account COLLATE "C"
            """)
        var postings: [UInt64: [Posting]] = [:]
        for row in rows {
            postings[try row.unsigned("entry"), default: []].append(
                Posting(
                    account: try row.account("account"), debit: try row.amount("debit"),
                    credit: try row.amount("credit")))
        }
        return try await transaction.query(
            """
            SELECT * FROM ledger_entries WHERE number >= \(range.lowerBound) AND number < \(range.upperBound) \
            ORDER BY number
            """
        ).map { row in
            guard let kind = EntryKind(rawValue: try row.text("kind")) else {
                throw StorageCorruption("an entry of an unknown kind")
            }
            let number = try row.unsigned("number")
            return LedgerEntry(
                number: number, previous: try row.hash("previous"), time: try row.unsigned("time"),
                epoch: try row.unsigned("epoch"), kind: kind, reference: try row.text("reference"),
                postings: postings[number] ?? [])
        }
    }
}
