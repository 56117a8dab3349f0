public import Channels
public import Primitives

/// Corrections of sealed epochs.
public struct CorrectionStore: Sendable {
    /// A correction on record.
    public struct Stored: Hashable, Sendable {
        /// What was ordered.
        public let correction: Correction
        /// The act's leaf.
        public let logIndex: UInt64
        /// The epoch that was open.
        public let inEpoch: UInt64
        /// The ledger entry that moved the money.
        public let entry: UInt64
    }

    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Keeps a correction. What it gives to an operator adds to all its rewards; what it takes counts as claimed.
    public func keep(_ stored: Stored, from: UInt32?, to: UInt32?) async throws {
        let correction = stored.correction
        let units = correction.amount.units
        _ = try await transaction.execute(
            """
            INSERT INTO corrections (log_index, epoch, in_epoch, entry, body, from_node, to_node, amount) VALUES \
            (\(stored.logIndex), \(correction.epoch), \(stored.inEpoch), \(stored.entry), \(correction.orderBody), \
            \(from.map(UInt64.init)), \(to.map(UInt64.init)), \(units))
            """)
        if let from {
            _ = try await transaction.execute(
                "UPDATE nodes SET claimed = claimed + \(units) WHERE number = \(UInt64(from))")
        }
        if let to {
            _ = try await transaction.execute(
                "UPDATE nodes SET cumulative = cumulative + \(units) WHERE number = \(UInt64(to))")
        }
    }

    /// Those of leaves in a range of the log, in order.
    public func made(in range: Range<UInt64>) async throws -> [Stored] {
        try await transaction.query(
            """
            SELECT * FROM corrections WHERE log_index >= \(range.lowerBound) AND log_index < \(range.upperBound) \
            ORDER BY log_index
            """
        ).map(Self.read)
    }

    /// Those of an epoch, in order.
    public func of(_ epoch: UInt64) async throws -> [Stored] {
        try await transaction.query("SELECT * FROM corrections WHERE epoch = \(epoch) ORDER BY log_index").map(
            Self.read)
    }

    private static func read(_ row: Row) throws -> Stored {
        Stored(
            correction: try Correction(orderBody: try row.bytes("body")), logIndex: try row.unsigned("log_index"),
            inEpoch: try row.unsigned("in_epoch"), entry: try row.unsigned("entry"))
    }

    /// What corrections of leaves in a range of the log gave to operators, by node.
    public func credited(in range: Range<UInt64>) async throws -> [UInt32: Amount] {
        let rows = try await transaction.query(
            """
            SELECT to_node, sum(amount) AS amount FROM corrections WHERE to_node IS NOT NULL \
            AND log_index >= \(range.lowerBound) AND log_index < \(range.upperBound) GROUP BY to_node
            """)
        var credited: [UInt32: Amount] = [:]
        for row in rows { credited[UInt32(clamping: try row.unsigned("to_node"))] = try row.amount("amount") }
        return credited
    }
}

extension CorrectionStore.Stored {
    /// Puts a record together.
    public init(_ correction: Correction, logIndex: UInt64, inEpoch: UInt64, entry: UInt64) {
        self.init(correction: correction, logIndex: logIndex, inEpoch: inEpoch, entry: entry)
    }
}

extension Sequence<CorrectionStore.Stored> {
    /// What they gave to the open epoch's pool, and took from it.
    public func poolFlows() throws(AmountError) -> (into: Amount, outOf: Amount) {
        (
            try Amount.sum(filter { $0.correction.to == .pool }.map(\.correction.amount)),
            try Amount.sum(filter { $0.correction.from == .pool }.map(\.correction.amount))
        )
    }
}
