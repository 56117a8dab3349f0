public import Channels
public import Primitives

extension PayerStore {
    /// What pools owe a channel on one ground.
    public struct Owed: Hashable, Sendable {
        /// The channel.
        public let channel: Bytes32
        /// Why.
        public let ground: RefundGround
        /// What was not paid before the period.
        public let opening: Amount
        /// What was decided in it.
        public let decided: Amount
        /// What was paid in it.
        public let paid: Amount
        /// What was not paid at its end.
        public let closing: Amount
    }

    /// A charge of a payer.
    public struct Charged: Sendable {
        /// The leaf that logs it.
        public let leaf: LogLeaf
        /// What the leaf says.
        public let charge: Charge
        /// The channel that paid.
        public let channel: Bytes32
        /// The lane that it paid from.
        public let lane: UInt32
    }

    /// What pools owe each channel, by channel and ground.
    public func owed(_ leaves: Range<UInt64>) async throws -> [Owed] {
        let ids = ids
        let (first, after) = (leaves.lowerBound, leaves.upperBound)
        let rows = try await transaction.query(
            """
            SELECT channel, ground, sum(change) FILTER (WHERE log_index < \(first)) AS opening, \
            sum(change) FILTER (WHERE log_index >= \(first) AND change > 0) AS decided, \
            -sum(change) FILTER (WHERE log_index >= \(first) AND change < 0) AS paid, sum(change) AS closing FROM ( \
            SELECT log_index, channel, ground, amount AS change FROM debts WHERE channel = ANY(\(payer.numbers)) \
            UNION ALL SELECT r.log_index, r.channel, d.ground, -r.amount FROM repayments AS r \
            JOIN debts AS d ON d.log_index = r.debt AND d.channel = r.channel \
            WHERE r.channel = ANY(\(payer.numbers))) AS changes \
            WHERE log_index < \(after) GROUP BY channel, ground ORDER BY channel, ground
            """)
        return try rows.compactMap { row in
            guard let channel = ids[try row.unsigned("channel")] else { return nil }
            guard let ground = RefundGround(rawValue: UInt8(clamping: try row.int("ground"))) else {
                throw StorageCorruption("a debt on an unknown ground")
            }
            func amount(_ column: String) throws -> Amount { Amount(try row.optionalNumeric(column) ?? 0) }
            return Owed(
                channel: channel, ground: ground, opening: try amount("opening"), decided: try amount("decided"),
                paid: try amount("paid"), closing: try amount("closing"))
        }
    }

    /// Every charge of some leaves, in the order of the log.
    ///
    /// Of a row of leaves only the one that is asked for leaves the database: charges are all of one size.
    public func forEachCharge(_ leaves: Range<UInt64>, _ body: (Charged) throws -> Void) async throws {
        let ids = ids
        try await transaction.forEachRow(
            """
            SELECT c.number, c.log_index, c.channel, c.lane, b.time, b.kind, substring(b.bodies FROM \
            (9 + (c.log_index - b.first_index) * ((octet_length(b.bodies) - 4) / b.count))::INTEGER \
            FOR (octet_length(b.bodies) - 4) / b.count - 4) AS body FROM charges AS c \
            JOIN LATERAL (SELECT * FROM log_blocks WHERE first_index <= c.log_index ORDER BY first_index DESC LIMIT 1) \
            AS b ON TRUE WHERE c.channel = ANY(\(payer.numbers)) AND c.log_index >= \(leaves.lowerBound) \
            AND c.log_index < \(leaves.upperBound) ORDER BY c.log_index
            """
        ) { row in
            let number = try row.unsigned("number")
            guard let kind = LeafKind(rawValue: UInt16(clamping: try row.int("kind"))),
                let channel = ids[try row.unsigned("channel")]
            else { throw StorageCorruption("the leaf of charge \(number) is of an unknown kind") }
            let leaf = LogLeaf(
                index: try row.unsigned("log_index"), time: try row.unsigned("time"), kind: kind,
                body: try row.bytes("body"))
            guard let charge = try leaf.charge(), charge.number == number else {
                throw StorageCorruption("leaf \(leaf.index) is not that of charge \(number)")
            }
            try body(
                Charged(leaf: leaf, charge: charge, channel: channel, lane: UInt32(clamping: try row.unsigned("lane"))))
        }
    }

    /// Every part of a charge that some leaves gave back or said that a pool owes, in the order of the log.
    public func forEachRefund(
        _ leaves: Range<UInt64>, _ body: (_ refund: RefundRecord, _ time: UInt64, _ channel: Bytes32) throws -> Void
    ) async throws {
        let ids = ids
        try await transaction.forEachRow(
            """
            SELECT r.charge, r.part, r.ground, r.source, r.amount, ''::BYTEA AS evidence, r.log_index, r.epoch, c.channel, \
            (\(unescaped: MovementSQL.leafTime("r.log_index"))) AS time FROM refunds AS r \
            JOIN charges AS c ON c.number = r.charge WHERE c.channel = ANY(\(payer.numbers)) \
            AND r.log_index >= \(leaves.lowerBound) AND r.log_index < \(leaves.upperBound) \
            ORDER BY r.log_index, r.charge, r.part COLLATE "C", r.source COLLATE "C"
            """
        ) { row in
            guard let channel = ids[try row.unsigned("channel")] else { return }
            try body(try RefundRecord(row), try row.unsigned("time"), channel)
        }
    }
}
