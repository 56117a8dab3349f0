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

    /// What was held for storage before the leaf at `index`, gathered by expiry day.
    public func storageHolds(before index: UInt64, after day: UTCDay) async throws -> StorageHolds {
        let rows = try await transaction.query(
            """
            SELECT expiry_day, sum(storage_per_day) AS daily FROM charges WHERE log_index < \(index) \
            AND (void_index IS NULL OR void_index >= \(index)) AND expiry_day > \(UInt64(day.number)) \
            GROUP BY expiry_day
            """)
        var daily: [UTCDay: Amount] = [:]
        for row in rows {
            daily[UTCDay(number: UInt32(clamping: try row.unsigned("expiry_day")))] = try row.amount("daily")
        }
        return StorageHolds(daily: daily)
    }

    /// The day whose midnight was captured last before the leaf at `index`.
    public func lastMidnight(before index: UInt64, genesis: Genesis) async throws -> UTCDay {
        let rows = try await transaction.query(
            """
            SELECT body FROM log_leaves WHERE kind = \(UInt64(LeafKind.midnight.rawValue)) AND index < \(index) \
            ORDER BY index DESC LIMIT 1
            """)
        guard let row = rows.first else { return UTCDay(containing: genesis.start) }
        return try Midnight(canonicalBytes: try row.bytes("body")).day
    }

    /// A charge with what was held of it.
    public struct OpenCharge: Sendable {
        /// The charge's number.
        public let number: UInt64
        /// Base and congestion.
        public let base: Amount
        /// The expiry day.
        public let expiryDay: UTCDay
        /// What one day of its storage costs.
        public let storagePerDay: Amount
        /// Tells whether the base was held.
        public let isBaseHeld: Bool
        /// Postage that was held; zero where none was.
        public let postage: Amount
        /// When the postage window ends.
        public let postageDue: UInt64?
        /// The epoch of the charge.
        public let epoch: UInt64
    }

    /// The charges whose base or postage was held before the leaf at `index`, by number.
    public func openCharges(before index: UInt64) async throws -> [OpenCharge] {
        let rows = try await transaction.query(
            """
            SELECT number, base + congestion AS base, expiry_day, storage_per_day, epoch, postage_due, \
            base_index IS NULL OR base_index >= \(index) AS base_held, \
            CASE WHEN postage_index IS NULL OR postage_index >= \(index) THEN postage ELSE 0 END AS postage \
            FROM charges WHERE log_index < \(index) AND (base_index IS NULL OR base_index >= \(index) \
            OR (postage > 0 AND (postage_index IS NULL OR postage_index >= \(index)))) ORDER BY number
            """)
        return try rows.map { row in
            OpenCharge(
                number: try row.unsigned("number"), base: try row.amount("base"),
                expiryDay: UTCDay(number: UInt32(clamping: try row.unsigned("expiry_day"))),
                storagePerDay: try row.amount("storage_per_day"), isBaseHeld: try row.bool("base_held"),
                postage: try row.amount("postage"), postageDue: try row.optionalUnsigned("postage_due"),
                epoch: try row.unsigned("epoch"))
        }
    }

    /// How many charges there were before the leaf at `index`.
    public func chargeCount(before index: UInt64) async throws -> UInt64 {
        let rows = try await transaction.query(
            "SELECT coalesce(max(number), 0) AS count FROM charges WHERE log_index < \(index)")
        guard let row = rows.first else { return 0 }
        return try row.unsigned("count")
    }

    /// Every schedule that was logged before the leaf at `index`, by version.
    public func schedules(before time: UInt64) async throws -> [FeeSchedule] {
        try await transaction.query("SELECT body FROM schedules WHERE effective_from < \(time) ORDER BY version")
            .map { try FeeSchedule(canonicalBytes: try $0.bytes("body")) }
    }

    /// Charges by log index, with the channels that paid.
    public func charges(_ range: Range<UInt64>) async throws -> [(logIndex: UInt64, channel: Bytes32)] {
        try await transaction.query(
            """
            SELECT log_index, channel_id FROM charges WHERE log_index >= \(range.lowerBound) \
            AND log_index < \(range.upperBound) ORDER BY log_index
            """
        ).map { (try $0.unsigned("log_index"), try $0.hash("channel_id")) }
    }

    /// The parts of charges that went back in an epoch, by leaf and part, with the channels that got them.
    public func refunds(in epoch: UInt64) async throws -> [(refund: RefundRecord, channel: Bytes32)] {
        let rows = try await transaction.query(
            """
            SELECT r.*, c.channel_id FROM refunds AS r JOIN charges AS c ON c.number = r.charge \
            WHERE r.epoch = \(epoch) ORDER BY r.log_index, r.charge, r.part
            """)
        return try rows.map { row in
            guard let ground = RefundGround(rawValue: UInt8(clamping: try row.int("ground"))) else {
                throw StorageCorruption("a refund on an unknown ground")
            }
            let refund = RefundRecord(
                charge: try row.unsigned("charge"), part: try row.text("part"), ground: ground,
                amount: try row.amount("amount"), evidence: try row.bytes("evidence"),
                logIndex: try row.unsigned("log_index"), epoch: epoch)
            return (refund, try row.hash("channel_id"))
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
