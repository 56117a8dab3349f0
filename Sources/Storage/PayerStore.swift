public import Channels
public import Primitives

/// Reads what a payer's statement is made of. Figures are as they were at log indexes, so that a period's statement is the
/// same whenever it is made.
public struct PayerStore: Sendable {
    /// Movements of one kind, added up.
    public struct Sum: Sendable {
        /// Whether they were before the period, in it, or after it.
        public enum Place: Int64, Sendable {
            case before = 0
            case within = 1
            case after = 2
        }

        /// When they were.
        public let place: Place
        /// How many.
        public let count: UInt64
        /// What they come to.
        public let movement: PayerMovement
    }

    let transaction: Transaction
    let payer: PayerChannels

    /// Reads within a transaction, a snapshot for a whole statement.
    public init(_ transaction: Transaction, _ payer: PayerChannels) {
        self.transaction = transaction
        self.payer = payer
    }

    /// Every movement, added up by channel and cause, before, within and after some leaves.
    public func sums(_ leaves: Range<UInt64>) async throws -> [Sum] {
        let ids = ids
        let sql = MovementSQL.select(
            """
            SELECT CASE WHEN log_index < first THEN 0 WHEN log_index < after THEN 1 ELSE 2 END AS place, \
            count(*) AS count, cause, ground, channel, is_payable, sum(base) AS base, sum(congestion) AS congestion, \
            sum(storage) AS storage, sum(postage) AS postage, sum(whole) AS whole FROM movements, period \
            GROUP BY place, cause, ground, channel, is_payable \
            ORDER BY place, channel, cause COLLATE "C", ground, is_payable
            """, from: payer, in: leaves)
        return try await transaction.query(sql).map { row in
            guard let place = Sum.Place(rawValue: try row.int("place")) else {
                throw StorageCorruption("a movement is nowhere")
            }
            return Sum(
                place: place, count: try row.unsigned("count"), movement: try Self.movement(row, ids))
        }
    }

    /// Every movement of some leaves, in the order of the log.
    public func forEachMovement(
        _ leaves: Range<UInt64>, _ body: (_ index: UInt64, _ time: UInt64, _ movement: PayerMovement) throws -> Void
    ) async throws {
        let ids = ids
        let sql = MovementSQL.select(
            """
            SELECT log_index, coalesce(time, (\(MovementSQL.leafTime("log_index")))) AS time, cause, ground, channel, \
            is_payable, base, congestion, storage, postage, whole FROM movements, period \
            WHERE log_index >= first AND log_index < after \
            ORDER BY log_index, step, channel, cause COLLATE "C", ground
            """, from: payer, in: leaves)
        try await transaction.forEachRow(sql) { row in
            try body(try row.unsigned("log_index"), try row.unsigned("time"), try Self.movement(row, ids))
        }
    }

    var ids: [UInt64: Bytes32] {
        Dictionary(uniqueKeysWithValues: payer.channels.map { ($0.number, $0.id) })
    }

    private static func movement(_ row: Row, _ ids: [UInt64: Bytes32]) throws -> PayerMovement {
        PayerMovement(
            try cause(try row.text("cause"), try row.int("ground")),
            channel: try row.optionalUnsigned("channel").flatMap { ids[$0] }, isPayable: try row.bool("is_payable"),
            parts: RefundParts(
                base: try row.amount("base"), congestion: try row.amount("congestion"),
                storage: try row.amount("storage"), postage: try row.amount("postage")),
            whole: try row.amount("whole"))
    }

    private static func cause(_ name: String, _ number: Int64) throws -> PayerMovement.Cause {
        func ground() throws -> RefundGround {
            guard let ground = RefundGround(rawValue: UInt8(clamping: number)) else {
                throw StorageCorruption("money went back on an unknown ground")
            }
            return ground
        }
        return switch name {
        case "deposit": .deposit
        case "topup": .topUp
        case "charge": .charge
        case "midnight": .midnight
        case "cut": .cut
        case "postage": .postage
        case "refund": .refund(try ground())
        case "stake": .stake(try ground())
        case "repayment": .repayment(try ground())
        case "withdrawal": .withdrawal
        case "close": .close
        case "claim": .claim
        case "payout": .payout
        default: throw StorageCorruption("money moved by \(name)")
        }
    }

    /// What was held of each channel's charges when the log had `index` leaves, from what was recorded of the charges. The
    /// midnight that begins `day` was the last before.
    public func held(before index: UInt64, after day: UTCDay) async throws -> [Bytes32: RefundParts] {
        let ids = ids
        let rows = try await transaction.query(
            """
            WITH mine AS (SELECT c.*, coalesce(p.amount, 0) AS postage, p.decided_index, e.cut_index FROM charges AS c \
            JOIN epochs AS e ON c.number >= e.first_charge AND (e.end_charge IS NULL OR c.number < e.end_charge) \
            LEFT JOIN postage_holds AS p ON p.charge = c.number \
            LEFT JOIN voids AS v ON v.charge = c.number AND v.log_index < \(index) \
            WHERE c.channel = ANY(\(payer.numbers)) AND c.log_index < \(index) AND v.charge IS NULL), \
            back AS (SELECT charge, sum(amount) FILTER (WHERE part = 'base') AS base, \
            sum(amount) FILTER (WHERE part = 'congestion') AS congestion, \
            sum(amount) FILTER (WHERE part = 'postage') AS postage FROM refunds WHERE source = 'hold' \
            AND log_index < \(index) AND charge IN (SELECT number FROM mine) GROUP BY charge), \
            let_go AS (SELECT charge, sum(per_day) AS per_day, bool_or(NOT is_price) AS is_over FROM releases \
            WHERE log_index < \(index) AND charge IN (SELECT number FROM mine) GROUP BY charge) \
            SELECT m.channel, \
            sum(CASE WHEN m.cut_index < \(index) THEN 0 ELSE m.base - coalesce(b.base, 0) END) AS base, \
            sum(CASE WHEN m.cut_index < \(index) THEN 0 ELSE m.congestion - coalesce(b.congestion, 0) END) \
            AS congestion, \
            sum(CASE WHEN m.decided_index < \(index) THEN 0 ELSE m.postage - coalesce(b.postage, 0) END) AS postage, \
            sum(CASE WHEN l.is_over OR m.expiry_day <= \(UInt64(day.number)) THEN 0 \
            ELSE (m.storage_per_day - coalesce(l.per_day, 0)) * (m.expiry_day - \(UInt64(day.number))) END) AS storage \
            FROM mine AS m LEFT JOIN back AS b ON b.charge = m.number LEFT JOIN let_go AS l ON l.charge = m.number \
            GROUP BY m.channel
            """)
        var held: [Bytes32: RefundParts] = [:]
        for row in rows {
            guard let id = ids[try row.unsigned("channel")] else { continue }
            held[id] = RefundParts(
                base: try row.amount("base"), congestion: try row.amount("congestion"),
                storage: try row.amount("storage"), postage: try row.amount("postage"))
        }
        return held
    }
}
