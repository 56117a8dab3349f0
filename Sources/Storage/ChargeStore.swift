public import Channels
public import Primitives

/// A charge as it is kept: the public record, and what only the service knows of it.
public struct StoredCharge: Hashable, Sendable {
    /// What the log's leaf says.
    public let charge: Charge
    /// The leaf's index.
    public let logIndex: UInt64
    /// The moment of acceptance.
    public let acceptedAt: UInt64
    /// The number of the channel that paid.
    public let channel: UInt64
    /// The lane that it paid from.
    public let lane: UInt32
    /// The number of the lane's charge before this one; 0 for the first.
    public let previous: UInt64
    /// When the postage window ends; `nil` without postage.
    public let postageDue: UInt64?

    /// Makes a record.
    public init(
        charge: Charge, logIndex: UInt64, acceptedAt: UInt64, channel: UInt64, lane: UInt32, previous: UInt64,
        postageDue: UInt64?
    ) {
        self.charge = charge
        self.logIndex = logIndex
        self.acceptedAt = acceptedAt
        self.channel = channel
        self.lane = lane
        self.previous = previous
        self.postageDue = postageDue
    }
}

/// Charges. They are only ever appended.
public struct ChargeStore: Sendable {
    /// The constraint by which a channel pays for an envelope once.
    public static let paidOnce = "charges_channel_envelope_hash_key"

    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// The log indexes of envelopes that were charged before, by channel number and envelope.
    public func charged(
        _ keys: [(channel: UInt64, envelope: Bytes32)]
    ) async throws -> [UInt64: [Bytes32: UInt64]] {
        guard !keys.isEmpty else { return [:] }
        let rows = try await transaction.query(
            """
            SELECT c.channel, c.envelope_hash, c.log_index FROM unnest(\(keys.map(\.channel)), \
            \(keys.map(\.envelope.bytes))) AS k (channel, envelope) JOIN charges AS c \
            ON c.channel = k.channel AND c.envelope_hash = k.envelope
            """)
        var found: [UInt64: [Bytes32: UInt64]] = [:]
        for row in rows {
            found[try row.unsigned("channel"), default: [:]][try row.hash("envelope_hash")] = try row.unsigned(
                "log_index")
        }
        return found
    }

    /// Writes a batch of charges, with what is held of their postage. An envelope that its channel has paid for before
    /// fails the whole batch by ``paidOnce``.
    public func insert(_ charges: [StoredCharge]) async throws {
        guard !charges.isEmpty else { return }
        let perDay = try charges.map { try $0.charge.storagePerDay(acceptedAt: $0.acceptedAt) }
        _ = try await transaction.execute(
            """
            INSERT INTO charges (number, log_index, channel, envelope_hash, accepted_at, expiry_day, base, congestion, \
            storage_per_day, lane, previous) SELECT * FROM unnest(\(charges.map(\.charge.number)), \(charges.map(\.logIndex)), \
            \(charges.map(\.channel)), \(charges.map(\.charge.envelopeHash.bytes)), \(charges.map(\.acceptedAt)), \
            \(charges.map { UInt64($0.charge.expiryDay.number) }), \(charges.map(\.charge.price.base.units)), \
            \(charges.map(\.charge.price.congestion.units)), \(perDay.map(\.units)), \
            \(charges.map { UInt64($0.lane) }), \(charges.map(\.previous)))
            """)
        let stamped = charges.filter { $0.postageDue != nil }
        guard !stamped.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO postage_holds (charge, amount, due) SELECT * FROM unnest(\(stamped.map(\.charge.number)), \
            \(stamped.map(\.charge.price.postage.units)), \(stamped.map { $0.postageDue ?? 0 }))
            """)
    }

    /// Keeps what opens the commitments of restored charges, by number.
    public func keep(salts: [(charge: UInt64, salt: Bytes32)]) async throws {
        _ = try await transaction.execute(
            """
            INSERT INTO restored_charges (charge, salt) SELECT * FROM unnest(\(salts.map(\.charge)), \
            \(salts.map(\.salt.bytes)))
            """)
    }

    /// What opens the commitments of restored charges, by number.
    public func restoredSalts(of charges: [UInt64]) async throws -> [UInt64: Bytes32] {
        guard !charges.isEmpty else { return [:] }
        let rows = try await transaction.query(
            "SELECT charge, salt FROM restored_charges WHERE charge = ANY(\(charges))")
        return try rows.reduce(into: [:]) { $0[try $1.unsigned("charge")] = try $1.hash("salt") }
    }

    /// Which of some numbers a charge has already.
    public func taken(_ numbers: [UInt64]) async throws -> Set<UInt64> {
        let rows = try await transaction.query("SELECT number FROM charges WHERE number = ANY(\(numbers))")
        return Set(try rows.map { try $0.unsigned("number") })
    }

    /// A lane's charges from `newest` back, as far as `limit`: their log indexes, and the number of the charge before the
    /// last of them, 0 where there is none. None where `newest` is no charge of the lane.
    public func chain(
        channel: UInt64, lane: UInt32, from newest: UInt64, limit: Int
    ) async throws -> (logIndexes: [UInt64], before: UInt64) {
        guard newest <= Int64.max else { return ([], 0) }
        let rows = try await transaction.query(
            """
            WITH RECURSIVE chain AS ( \
            SELECT number, log_index, previous, 1 AS place FROM charges \
            WHERE number = \(newest) AND channel = \(channel) AND lane = \(lane) \
            UNION ALL SELECT c.number, c.log_index, c.previous, chain.place + 1 FROM chain \
            JOIN charges AS c ON c.number = chain.previous WHERE chain.place < \(limit)) \
            SELECT log_index, previous FROM chain ORDER BY place
            """)
        return (try rows.map { try $0.unsigned("log_index") }, try rows.last?.unsigned("previous") ?? 0)
    }

    /// The charge's envelope; `nil` where there is no such charge.
    public func envelope(of number: UInt64) async throws -> Bytes32? {
        guard number <= Int64.max else { return nil }
        return try await transaction.query("SELECT envelope_hash FROM charges WHERE number = \(number)")
            .first?.hash("envelope_hash")
    }

    /// Number and sums of the charges of an epoch that has ended, without what went back of them before.
    public func undecided(in epoch: UInt64) async throws -> (count: UInt64, base: Amount, congestion: Amount) {
        let rows = try await transaction.query(
            """
            WITH c AS (SELECT c.* FROM charges AS c JOIN epochs AS e \
            ON c.number >= e.first_charge AND c.number < e.end_charge WHERE e.number = \(epoch) \
            AND NOT EXISTS (SELECT FROM voids AS v WHERE v.charge = c.number)), \
            r AS (SELECT r.part, sum(r.amount) AS amount FROM refunds AS r JOIN c ON c.number = r.charge \
            WHERE r.source = 'hold' GROUP BY r.part) \
            SELECT count(*) AS count, coalesce(sum(c.base), 0) \
            - coalesce((SELECT amount FROM r WHERE part = 'base'), 0) AS base, coalesce(sum(c.congestion), 0) \
            - coalesce((SELECT amount FROM r WHERE part = 'congestion'), 0) AS congestion FROM c
            """)
        guard let row = rows.first else { return (0, .zero, .zero) }
        return (try row.unsigned("count"), try row.amount("base"), try row.amount("congestion"))
    }

    /// What congestion counts of the charges up to number `count`, at a moment that is not before any of them.
    ///
    /// Charges are numbered in the order of time: the first of each minute is found by halving. Those up to number
    /// `floor` count no more: a rollback came after them, and their numbers have gaps.
    public func rate(at time: UInt64, through count: UInt64, after floor: UInt64) async throws -> ChargeRate {
        let minute = time / 60
        var before = [max(count, floor)]
        for back in 0..<min(minute, 4) + 1 {
            before.append(
                try await self.count(before: (minute - back) * 60, among: floor...before[before.count - 1]))
        }
        let counts = zip(before, before.dropFirst()).map { $0 - $1 } + [0, 0, 0, 0]
        return ChargeRate(minute: minute, newest: MinuteCounts(Array(counts.prefix(5))) ?? MinuteCounts())
    }

    /// The number of the last charge that was accepted before a moment, among those above the range's lower bound.
    private func count(before time: UInt64, among numbers: ClosedRange<UInt64>) async throws -> UInt64 {
        var (low, high) = (numbers.lowerBound, numbers.upperBound)
        while low < high {
            let middle = low + (high - low) / 2
            let rows = try await transaction.query("SELECT accepted_at FROM charges WHERE number = \(middle + 1)")
            guard let accepted = try rows.first?.unsigned("accepted_at") else {
                throw StorageCorruption("charge \(middle + 1) of \(numbers.upperBound) is missing")
            }
            if accepted < time { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// Tells whether a charge's base is still held: its epoch is not cut, and it was not voided.
    public func isBaseHeld(_ number: UInt64) async throws -> Bool {
        try await transaction.query(
            """
            SELECT FROM charges AS c JOIN epochs AS e ON c.number >= e.first_charge \
            AND (e.end_charge IS NULL OR c.number < e.end_charge) WHERE c.number = \(number) AND e.cut_index IS NULL \
            AND NOT EXISTS (SELECT FROM voids AS v WHERE v.charge = c.number)
            """
        ).count == 1
    }
}
