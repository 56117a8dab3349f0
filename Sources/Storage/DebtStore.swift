public import Channels
public import Primitives

/// What is owed to a channel out of the open epoch's pool.
public struct Debt: Hashable, Sendable {
    /// The leaf that says so.
    public let logIndex: UInt64
    /// The channel's number.
    public let channel: UInt64
    /// Why.
    public let ground: RefundGround
    /// How much.
    public let amount: Amount
    /// What was paid of it.
    public let paid: Amount

    /// Makes a debt.
    public init(logIndex: UInt64, channel: UInt64, ground: RefundGround, amount: Amount, paid: Amount = .zero) {
        self.logIndex = logIndex
        self.channel = channel
        self.ground = ground
        self.amount = amount
        self.paid = paid
    }
}

/// What pools owe, and what they paid of it.
public struct DebtStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Adds debts; several of one leaf to one channel are one.
    public func add(_ debts: [Debt]) async throws {
        guard !debts.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO debts (log_index, channel, ground, amount) SELECT * FROM unnest(\(debts.map(\.logIndex)), \
            \(debts.map(\.channel)), \(debts.map { UInt64($0.ground.rawValue) }), \(debts.map(\.amount.units)))
            """)
    }

    /// A debt that is not paid in full, and who gets it.
    public struct Open: Sendable {
        /// The debt.
        public let debt: Debt
        /// The channel.
        public let channelID: Bytes32
        /// Its payer.
        public let payer: Address
        /// Whether the channel takes nothing any more.
        public let isClosed: Bool
    }

    /// The debts that are not paid in full, in the order of the log.
    public func open() async throws -> [Open] {
        try await transaction.query(
            """
            SELECT d.*, c.channel_id, c.payer, c.stage FROM debts AS d JOIN channels AS c ON c.number = d.channel \
            WHERE d.paid < d.amount ORDER BY d.log_index, d.channel
            """
        ).map { row in
            guard let ground = RefundGround(rawValue: UInt8(clamping: try row.int("ground"))) else {
                throw StorageCorruption("a debt on an unknown ground")
            }
            return Open(
                debt: Debt(
                    logIndex: try row.unsigned("log_index"), channel: try row.unsigned("channel"), ground: ground,
                    amount: try row.amount("amount"), paid: try row.amount("paid")),
                channelID: try row.hash("channel_id"), payer: try row.address("payer"),
                isClosed: try row.text("stage") == "closed")
        }
    }

    /// Notes what was paid of debts, by the leaf that says so.
    public func pay(_ parts: [(debt: Debt, amount: Amount)], logIndex: UInt64) async throws {
        let paid = parts.filter { $0.amount > .zero }
        guard !paid.isEmpty else { return }
        let (leaves, channels) = (paid.map(\.debt.logIndex), paid.map(\.debt.channel))
        let amounts = paid.map(\.amount.units)
        _ = try await transaction.execute(
            """
            UPDATE debts AS d SET paid = d.paid + p.amount FROM unnest(\(leaves), \(channels), \(amounts)) \
            AS p (log_index, channel, amount) WHERE d.log_index = p.log_index AND d.channel = p.channel
            """)
        _ = try await transaction.execute(
            """
            INSERT INTO repayments (log_index, debt, channel, amount) SELECT \(logIndex), * FROM \
            unnest(\(leaves), \(channels), \(amounts))
            """)
    }

    /// What of a pool went back right before its epoch's edge.
    public func note(repaid amount: Amount, in epoch: UInt64) async throws {
        _ = try await transaction.execute(
            "UPDATE epochs SET repaid = repaid + \(amount.units) WHERE number = \(epoch)")
    }

    /// What pools owed and had not paid when the log had `index` leaves.
    public func owed(before index: UInt64) async throws -> Amount {
        let rows = try await transaction.query(
            """
            SELECT (SELECT coalesce(sum(amount), 0) FROM debts WHERE log_index < \(index)) \
            - (SELECT coalesce(sum(amount), 0) FROM repayments WHERE log_index < \(index)) AS owed
            """)
        return try rows.first?.amount("owed") ?? .zero
    }

    /// What was owed to a channel when an epoch ended.
    public struct AtEdge: Sendable {
        /// The leaf that says so.
        public let logIndex: UInt64
        /// The channel.
        public let channelID: Bytes32
        /// Why.
        public let ground: RefundGround
        /// What was not paid before.
        public let owed: Amount
        /// What the epoch's pool paid of it.
        public let paid: Amount
    }

    /// What was owed by leaves below the end of a range and not paid before the range, in the order of the log.
    public func forEachDebt(
        atEndOf leaves: Range<UInt64>, _ body: (AtEdge) throws -> Void
    ) async throws {
        try await transaction.forEachRow(
            """
            SELECT d.log_index, d.ground, c.channel_id, d.amount - coalesce(r.before, 0) AS owed, \
            coalesce(r.paid, 0) AS paid FROM debts AS d JOIN channels AS c ON c.number = d.channel \
            LEFT JOIN (SELECT debt, channel, sum(amount) FILTER (WHERE log_index < \(leaves.lowerBound)) AS before, \
            sum(amount) FILTER (WHERE log_index >= \(leaves.lowerBound)) AS paid FROM repayments \
            WHERE log_index < \(leaves.upperBound) GROUP BY debt, channel) AS r \
            ON r.debt = d.log_index AND r.channel = d.channel \
            WHERE d.log_index < \(leaves.upperBound) AND d.amount > coalesce(r.before, 0) \
            ORDER BY d.log_index, d.channel
            """
        ) { row in
            guard let ground = RefundGround(rawValue: UInt8(clamping: try row.int("ground"))) else {
                throw StorageCorruption("a debt on an unknown ground")
            }
            try body(
                AtEdge(
                    logIndex: try row.unsigned("log_index"), channelID: try row.hash("channel_id"), ground: ground,
                    owed: try row.amount("owed"), paid: try row.amount("paid")))
        }
    }
}
