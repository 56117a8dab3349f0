public import Channels
public import Primitives

/// Outages that operators declared.
public struct OutageStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// An outage on record.
    public struct Stored: Hashable, Sendable {
        /// What was declared, and by whom.
        public let declared: DeclaredOutage
        /// What it gives back in all.
        public let total: Amount
        /// The leaf that says so.
        public let logIndex: UInt64
        /// The epoch that was open.
        public let epoch: UInt64
    }

    /// Every outage, by day.
    public func all() async throws -> [Stored] {
        try await transaction.query("SELECT * FROM outages ORDER BY day").map { row in
            Stored(
                declared: try DeclaredOutage(canonicalBytes: try row.bytes("body")), total: try row.amount("total"),
                logIndex: try row.unsigned("log_index"), epoch: try row.unsigned("epoch"))
        }
    }

    /// What the midnight that began `day` captured of each channel's charges, those left out whose captured storage went
    /// back already, by channel number. Nothing is above zero for a day that was not captured yet.
    public func captured(on day: UTCDay) async throws -> [(channel: UInt64, amount: Amount)] {
        let number = UInt64(day.number)
        return try await transaction.query(
            """
            SELECT c.channel, sum(greatest(c.storage_per_day - coalesce(r.per_day, 0), 0)) AS amount FROM charges AS c \
            LEFT JOIN (SELECT charge, sum(per_day) AS per_day FROM releases \
            WHERE is_price OR from_day < \(number) GROUP BY charge) AS r ON r.charge = c.number \
            WHERE c.accepted_at < \(day.start) AND c.expiry_day >= \(number) \
            AND NOT EXISTS (SELECT FROM refunds AS f WHERE f.charge = c.number AND f.part = 'storage' \
            AND f.source <> 'hold' AND f.ground <> 5) \
            GROUP BY c.channel HAVING sum(greatest(c.storage_per_day - coalesce(r.per_day, 0), 0)) > 0 ORDER BY c.channel
            """
        ).map { (try $0.unsigned("channel"), try $0.amount("amount")) }
    }

    /// Keeps an outage.
    public func keep(_ outage: Stored) async throws {
        let total = outage.total.units
        _ = try await transaction.execute(
            """
            INSERT INTO outages (day, parts, body, total, log_index, epoch) VALUES \
            (\(UInt64(outage.declared.outage.day.number)), \(UInt64(outage.declared.outage.parts)), \
            \(outage.declared.canonicalBytes), \(total), \(outage.logIndex), \(outage.epoch))
            """)
    }
}

extension OutageStore.Stored {
    /// Puts a record together.
    public init(_ declared: DeclaredOutage, total: Amount, logIndex: UInt64, epoch: UInt64) {
        self.init(declared: declared, total: total, logIndex: logIndex, epoch: epoch)
    }
}
