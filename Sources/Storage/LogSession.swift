public import Channels
public import Ledger
public import Primitives

/// Another service has taken the database over: nothing may be written any more.
public struct Fenced: Error, Hashable, CustomStringConvertible {
    /// The token of this service.
    public let held: UInt64
    /// The newest token.
    public let found: UInt64

    /// Says which token is held and which is the newest.
    public init(held: UInt64, found: UInt64) {
        self.held = held
        self.found = found
    }

    /// One sentence for the operator.
    public var description: String {
        "Another service has taken this database over (token \(found), this one has \(held)); this one must end."
    }
}

/// One writer's transaction: what it appends to log and journal, written at the end in a few statements.
///
/// The row of `instance` is locked from the beginning, so that writers follow one another.
public struct LogSession: Sendable {
    /// The database transaction.
    public let transaction: Transaction
    /// Where log and journal stand, with what this session has appended.
    public private(set) var state: LogState
    /// The leaves that this session has appended.
    public private(set) var appended: [LogLeaf] = []
    /// The tiles that they completed.
    public private(set) var completed: [(tile: LogTile, hashes: [Bytes32])] = []
    private var writtenLeaves = 0
    private var writtenTiles = 0
    private var entries: [LedgerEntry] = []

    /// Locks the log's end and checks that it is where `state` left it.
    public init(_ transaction: Transaction, continuing state: LogState) async throws {
        let rows = try await transaction.query("SELECT log_size, entry_number, fence FROM instance FOR UPDATE")
        guard let row = rows.first else { throw StorageCorruption("the instance is gone from its database") }
        let fence = try row.unsigned("fence")
        guard fence == state.fence else { throw Fenced(held: state.fence, found: fence) }
        guard try row.unsigned("log_size") == state.tree.size,
            try row.unsigned("entry_number") == state.anchor.number
        else {
            throw StorageCorruption("another writer has appended to the log: this service must not go on")
        }
        self.transaction = transaction
        self.state = state
    }

    /// Moves the log's time forward; it never goes back.
    public mutating func advance(to time: UInt64) {
        state.time = max(state.time, time)
    }

    /// Appends a leaf at the log's time.
    @discardableResult
    public mutating func append(_ draft: LeafDraft) -> LogLeaf {
        let leaf = LogLeaf(index: state.tree.size, time: state.time, kind: draft.kind, body: draft.body)
        completed += state.tree.append(leaf.hash)
        appended.append(leaf)
        return leaf
    }

    /// The index that the next leaf gets.
    public var nextIndex: UInt64 { state.tree.size }

    /// Takes the next charge number and counts the charge for congestion.
    public mutating func takeChargeNumber() throws(ChargeRateError) -> UInt64 {
        try state.chargeRate.count(at: state.time)
        state.chargeCount += 1
        return state.chargeCount
    }

    /// Replaces a key as an act at the log's end orders it.
    public mutating func rotate(_ logged: LoggedAct) throws(KeyRefusal) { try state.keys.follow(logged) }

    /// Goes on as an act at the log's end says: charge numbers that the lost history may have given are left out, and
    /// congestion is counted anew.
    public mutating func rolledBack(_ logged: LoggedRollback) {
        state.keys = state.keys.with(state.keys.rollbacks + [logged])
        state.chargeCount = logged.rollback.lastCharge
        state.chargeRate = ChargeRate(minute: state.time / 60, newest: MinuteCounts())
    }

    /// Remembers that an act stopped charging or let it go on.
    public mutating func paused(_ isPaused: Bool) { state.isPaused = isPaused }

    /// Remembers a schedule that this session has logged.
    public mutating func announced(_ schedule: FeeSchedule) { state.schedules.append(schedule) }

    /// Posts an entry; one without postings is left out.
    public mutating func post(_ draft: EntryDraft) throws(LedgerError) {
        let entry = LedgerEntry(draft, after: state.anchor, time: state.time, epoch: state.openEpoch)
        guard !entry.postings.isEmpty else { return }
        try Balances.checkBalanced(entry.postings)
        entries.append(entry)
        state.anchor = entry.anchor
    }

    /// Opens the next epoch.
    public mutating func openNextEpoch() { state.openEpoch += 1 }

    /// Remembers that a midnight was captured.
    public mutating func captured(_ day: UTCDay) { state.lastMidnight = day }

    /// Remembers an administrative act.
    public mutating func took(act nonce: UInt64) { state.actNonce = nonce }

    /// The head that describes what has been appended so far.
    public func draftHead() -> LogHead {
        LogHead(
            logID: state.head.head.logID, size: state.tree.size, root: state.tree.root, time: state.time,
            epoch: state.openEpoch)
    }

    /// Writes everything that was appended, with the head that the log key signed over it.
    public mutating func flush(head: SignedHead) async throws {
        precondition(head.head == draftHead(), "the head describes what is written")
        state.head = head
        try await writeLeaves()
        for entry in entries { try await write(entry) }
        _ = try await transaction.execute(
            """
            UPDATE instance SET log_size = \(state.tree.size), log_time = \(state.time), \
            open_epoch = \(state.openEpoch), charge_count = \(state.chargeCount), \
            entry_number = \(state.anchor.number), entry_hash = \(state.anchor.hash.bytes), \
            last_midnight = \(UInt64(state.lastMidnight.number)), act_nonce = \(state.actNonce), \
            head = \(head.head.canonicalBytes), head_signature = \(head.signature.bytes)
            """)
        entries = []
    }

    /// Writes the leaves appended so far, for rows that refer to them.
    public mutating func writeLeaves() async throws {
        guard writtenLeaves < appended.count else { return }
        try await LogBlock.insert(Array(appended[writtenLeaves...]), transaction)
        let tiles = completed[writtenTiles...]
        if !tiles.isEmpty {
            _ = try await transaction.execute(
                """
                INSERT INTO log_tiles (level, number, hashes) SELECT * FROM unnest(\(tiles.map { $0.tile.level }), \
                \(tiles.map { $0.tile.number }), \(tiles.map { $0.hashes.flatMap(\.bytes) }))
                """)
        }
        writtenLeaves = appended.count
        writtenTiles = completed.count
    }

    private func write(_ entry: LedgerEntry) async throws {
        let names = entry.postings.map(\.account.name)
        let debits = entry.postings.map(\.debit.units)
        let credits = entry.postings.map(\.credit.units)
        _ = try await transaction.execute(
            """
            INSERT INTO ledger_entries (number, previous, hash, time, epoch, kind, reference) VALUES (\(entry.number), \
            \(entry.previous.bytes), \(entry.hash.bytes), \(entry.time), \(entry.epoch), \(entry.kind.rawValue), \
            \(entry.reference))
            """)
        // Two statements, because a CHECK judges the row that INSERT … ON CONFLICT proposes before the conflict is seen.
        _ = try await transaction.execute(
            "INSERT INTO ledger_accounts (name) SELECT * FROM unnest(\(names)) ON CONFLICT (name) DO NOTHING")
        _ = try await transaction.execute(
            """
            UPDATE ledger_accounts AS a SET debits = a.debits + p.debit, credits = a.credits + p.credit \
            FROM unnest(\(names), \(debits), \(credits)) AS p (name, debit, credit) WHERE a.name = p.name
            """)
        _ = try await transaction.execute(
            """
            INSERT INTO ledger_postings (entry, account, debit, credit) \
            SELECT \(entry.number), * FROM unnest(\(names), \(debits), \(credits))
            """)
    }
}
