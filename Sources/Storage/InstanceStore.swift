public import Channels
public import Primitives

/// Creates the one instance that a database holds.
public struct InstanceStore: Sendable {
    private let transaction: Transaction

    /// Writes within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Writes genesis and first schedule as leaves 0 and 1, and opens epoch 1.
    ///
    /// - Parameter saltSecret: 32 random bytes that never leave the database.
    public func create(
        genesis: Genesis, schedule: FeeSchedule, saltSecret: Bytes32, sign: (LogHead) -> Signature
    ) async throws {
        var tree = LogTree()
        let leaves = [
            LogLeaf(index: 0, time: genesis.start, kind: .genesis, body: genesis.canonicalBytes),
            LogLeaf(index: 1, time: genesis.start, kind: .schedule, body: schedule.canonicalBytes),
        ]
        for leaf in leaves { _ = tree.append(leaf.hash) }
        try await LogBlock.insert(leaves, transaction)
        let head = LogHead(logID: genesis.logID, size: 2, root: tree.root, time: genesis.start, epoch: 1)
        _ = try await transaction.execute(
            """
            INSERT INTO instance (genesis, salt_secret, log_size, log_time, open_epoch, charge_count, entry_number, \
            entry_hash, last_midnight, head, head_signature) VALUES (\(genesis.canonicalBytes), \(saltSecret.bytes), 2, \
            \(genesis.start), 1, 0, 0, \(Bytes32.zero.bytes), \(UInt64(UTCDay(containing: genesis.start).number)), \
            \(head.canonicalBytes), \(sign(head).bytes))
            """)
        try await ScheduleStore(transaction).append(schedule, logIndex: 1)
        _ = try await transaction.execute("INSERT INTO epochs (number, first_index, first_entry) VALUES (1, 0, 1)")
    }

    /// Takes the log over from whoever wrote it before: from now on only a writer with the new token may append. Waits for
    /// a transaction of theirs that is under way.
    public func takeOver() async throws {
        _ = try await transaction.execute("UPDATE instance SET fence = fence + 1")
    }

    /// The newest writer's token.
    public func fence() async throws -> UInt64 {
        guard let row = try await transaction.query("SELECT fence FROM instance").first else {
            throw StorageCorruption("the instance is gone from its database")
        }
        return try row.unsigned("fence")
    }
}
