public import Channels
public import Primitives

/// What is held for storage and postage, and how it was decided.
public struct HoldStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    // MARK: Storage

    /// Holds storage, gathered by expiry day.
    public func hold(storage daily: [UTCDay: Amount]) async throws {
        let rows = daily.sorted { $0.key < $1.key }.filter { $0.value > .zero }
        guard !rows.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO storage_holds AS h (expiry_day, daily) \
            SELECT * FROM unnest(\(rows.map { UInt64($0.key.number) }), \(rows.map(\.value.units))) \
            ON CONFLICT (expiry_day) DO UPDATE SET daily = h.daily + EXCLUDED.daily
            """)
    }

    /// What is held for storage.
    public func storage() async throws -> StorageHolds {
        var daily: [UTCDay: Amount] = [:]
        for row in try await transaction.query("SELECT expiry_day, daily FROM storage_holds") {
            daily[UTCDay(number: UInt32(clamping: try row.unsigned("expiry_day")))] = try row.amount("daily")
        }
        return StorageHolds(daily: daily)
    }

    /// Replaces what is held for storage, after a midnight or a void.
    public func replace(storage holds: StorageHolds) async throws {
        _ = try await transaction.execute("DELETE FROM storage_holds")
        try await hold(storage: holds.daily)
    }

    /// Lets go of storage by expiry day: what each of its days to come costs.
    public func release(storage daily: [UTCDay: Amount]) async throws {
        guard !daily.isEmpty else { return }
        let rows = daily.sorted { $0.key < $1.key }
        let changed = try await transaction.execute(
            """
            UPDATE storage_holds AS h SET daily = h.daily - r.daily FROM \
            unnest(\(rows.map { UInt64($0.key.number) }), \(rows.map(\.value.units))) AS r (expiry_day, daily) \
            WHERE h.expiry_day = r.expiry_day
            """)
        guard changed == rows.count else { throw StorageCorruption("storage goes back that is not held") }
    }

    // MARK: Postage

    /// Postage that is held and due by `time`, in the order of due time and charge.
    public func postageDue(by time: UInt64, limit: Int) async throws -> [(charge: UInt64, amount: Amount)] {
        try await transaction.query(
            """
            SELECT charge, amount - given_up AS amount FROM postage_holds WHERE due <= \(time) AND decided_index IS NULL \
            ORDER BY due, charge LIMIT \(limit)
            """
        ).map { (try $0.unsigned("charge"), try $0.amount("amount")) }
    }

    /// The next moment at which postage falls due.
    public func nextPostageDue() async throws -> UInt64? {
        try await transaction.query("SELECT min(due) AS due FROM postage_holds WHERE decided_index IS NULL")
            .first?.optionalUnsigned("due")
    }

    /// Marks postage as decided, each by the leaf that says so.
    public func decidePostage(_ decisions: [(charge: UInt64, logIndex: UInt64)]) async throws {
        guard !decisions.isEmpty else { return }
        let changed = try await transaction.execute(
            """
            UPDATE postage_holds AS p SET decided_index = d.i FROM unnest(\(decisions.map(\.charge)), \
            \(decisions.map(\.logIndex))) AS d (n, i) WHERE p.charge = d.n AND p.decided_index IS NULL
            """)
        guard changed == decisions.count else {
            throw StorageCorruption("\(decisions.count - changed) postages were decided before")
        }
    }

    /// Gives up some of a held postage, less than all of it.
    public func giveUp(_ amount: Amount, ofPostage charge: UInt64) async throws {
        _ = try await transaction.execute(
            """
            UPDATE postage_holds SET given_up = given_up + \(amount.units) WHERE charge = \(charge) \
            AND decided_index IS NULL
            """)
    }

    // MARK: Voids

    /// Notes charges whose unspent parts went back, each by the leaf that says so.
    public func void(_ charges: [(charge: UInt64, logIndex: UInt64)]) async throws {
        guard !charges.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO voids (charge, log_index) SELECT * FROM unnest(\(charges.map(\.charge)), \
            \(charges.map(\.logIndex)))
            """)
    }
}
