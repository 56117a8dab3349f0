import Channels
import Ledger
import Logging
import Payer
import Primitives
import Storage

/// The fee service: the one writer of a database's log and journal.
///
/// Every act is a transaction of its own that goes through ``write(_:)``; before it, whatever had fallen due is done, so
/// that log and journal are in the order of time.
actor FeeService {
    /// Connections for whoever reads.
    nonisolated let pool: PostgresPool
    /// The connection of the one writer: readers, who may be strangers, can't take it, however many they are.
    private nonisolated let writer: PostgresPool
    nonisolated let clock: ServiceClock
    nonisolated let genesis: Genesis
    nonisolated let domain: EIP712Domain
    nonisolated let admission: Admission
    nonisolated let terms: ChannelTerms
    nonisolated let heads: HeadBoard
    /// Channels as the last commit left them.
    nonisolated let channels = ChannelCache()
    /// Derives receipts.
    nonisolated let receiptDesk: ReceiptDesk
    nonisolated let logger: Logger
    /// The token under which this service writes.
    nonisolated let fence: UInt64
    nonisolated let keyFolder: KeyFolder
    /// The log key that signed last.
    private var logKey: SecretKey
    private let writers = AsyncMutex()
    private(set) var state: LogState
    /// No postage falls due before this time; 0 means that the database has to be asked.
    var postageNotDueBefore: UInt64 = 0
    /// No channel's close falls due before this time; 0 means that the database has to be asked.
    var channelsNotDueBefore: UInt64 = 0
    /// Whether a commit's outcome is unknown, so that ``state`` may be behind the database.
    private var isStale = false
    /// The earliest epoch whose delivery cut is not done.
    var nextCut: UInt64?

    init(
        pool: PostgresPool, writer: PostgresPool, clock: ServiceClock, keys: KeyFolder, logKey: SecretKey,
        admission: Admission,
        terms: ChannelTerms,
        state: LogState, logger: Logger
    ) {
        self.pool = pool
        self.writer = writer
        self.clock = clock
        self.admission = admission
        self.terms = terms
        self.state = state
        self.logger = logger
        fence = state.fence
        keyFolder = keys
        self.logKey = logKey
        genesis = state.genesis
        domain = state.genesis.domain
        heads = HeadBoard(ShownEnd(head: state.head, journal: state.anchor))
        receiptDesk = ReceiptDesk(pool: pool, state: state)
    }

    /// Runs one act: first what has fallen due, then `body` at the present time, then a signed head over all of it.
    ///
    /// The act is on disk when this returns. Whatever `body` throws undoes it. What `body` changes of channels it makes
    /// ``channels`` forget; `committed` runs once the act is on disk and before the next one begins.
    func write<Value>(
        _ body: (inout LogSession) async throws -> Value, committed: (Value) -> Void = { _ in }
    ) async throws -> Value {
        try await writers.withLock {
            // Read once: an act that commits later than what was done for it would overtake a deadline.
            let now = clock.now
            try await reloadIfStale()
            try await doWhatIsDue(by: now)
            let value = try await commit(at: now, body)
            committed(value)
            return value
        }
    }

    /// Does what has fallen due by now, without an act.
    func doWhatIsDue() async throws {
        try await writers.withLock {
            let now = clock.now
            try await reloadIfStale()
            try await doWhatIsDue(by: now)
            if now > state.time { try await commit(at: now) { _ in } }
        }
    }

    /// Runs what commits by itself, in the writer's turn.
    func inTurn<Value>(_ body: () async throws -> Value) async throws -> Value {
        try await writers.withLock {
            try await reloadIfStale()
            return try await body()
        }
    }

    /// Commits one transaction whose log time is `time`. Only called with ``writers`` held.
    func commit<Value>(at time: UInt64, _ body: (inout LogSession) async throws -> Value) async throws -> Value {
        let before = state
        do {
            let (value, session) = try await writer.withTransaction { transaction in
                var session = try await LogSession(transaction, continuing: before)
                session.advance(to: time)
                let value = try await body(&session)
                try await session.flush(head: sign(session.draftHead(), session.state.keys))
                return (value, session)
            }
            state = session.state
            receiptDesk.publish(session)
            heads.show(ShownEnd(head: state.head, journal: state.anchor))
            return value
        } catch PostgresError.commitUnknown {
            isStale = true
            throw PostgresError.commitUnknown
        }
    }

    private func reloadIfStale() async throws {
        if isStale { try await reload() }
    }

    /// Goes on from what the database says, the truth after a commit whose outcome is unknown.
    ///
    /// The token is not taken from there: what cut the commit off may have cut the lock off as well, and whoever took it
    /// since must not find this service writing under its token.
    func reload() async throws {
        let fence = fence
        let stored = try await writer.withTransaction { try await LogStore($0).stateAfterWriters(under: fence) }
        state = stored
        postageNotDueBefore = 0
        channelsNotDueBefore = 0
        nextCut = nil
        isStale = false
        channels.forgetAll()
        receiptDesk.reset(stored)
        heads.show(ShownEnd(head: stored.head, journal: stored.anchor))
    }

    /// Reads the newest open channels before the first request, so that a service that was restarted is as fast as before.
    /// Nothing may be written meanwhile.
    nonisolated func recallChannels() async throws {
        let part = 4_096
        var below = UInt64(Int64.max)
        for _ in 0..<ChannelCache.startCount / part {
            let found = try await read { try await ChannelStore($0).newestOpen(below: below, limit: part) }
            channels.keep(found.values)
            guard found.count == part, let last = found.values.map(\.number).min() else { return }
            below = last
        }
    }

    /// Whether nobody has taken the database over since this service did.
    nonisolated func holdsFence() async throws -> Bool {
        try await read { try await InstanceStore($0).fence() } == fence
    }

    /// Signs a head with the log key of its size, whose file has to be there. Deterministic: the same head has the same
    /// signature.
    func sign(_ head: LogHead, _ keys: KeyHistory) throws -> SignedHead {
        let address = keys.key(of: .log, at: head.size)
        if logKey.address != address { logKey = try keyFolder.key(of: address) }
        return SignedHead(head: head, signature: logKey.sign(domain.digest(of: head.statement)))
    }

    /// Signs how far epochs are sealed, at the log's size; `nil` before the first is.
    func sealNotice() async throws -> SignedSealNotice? {
        guard let epoch = try await read({ try await EpochStore($0).lastSealed() }) else { return nil }
        let head = heads.head.head
        let address = state.keys.key(of: .log, at: head.size)
        if logKey.address != address { logKey = try keyFolder.key(of: address) }
        let notice = SealNotice(logID: head.logID, epoch: epoch, size: head.size)
        return SignedSealNotice(notice: notice, signature: logKey.sign(domain.digest(of: notice.statement)))
    }

    /// Whether the settlement key in force signed a statement.
    func isSettled(_ statement: some TypedStatement, by signature: Signature) -> Bool {
        signature.isBy(state.key(of: .settlement), over: domain.digest(of: statement))
    }

    /// Runs a reader in a snapshot of its own, in the writer's turn: only called with ``writers`` held.
    nonisolated func readInTurn<Value>(_ body: (Transaction) async throws -> Value) async throws -> Value {
        try await writer.withTransaction(isolation: .repeatableRead, body)
    }

    /// Gives the writer's connection back; nothing is written any more.
    nonisolated func close() async { await writer.close() }

    /// Runs a reader in a snapshot of its own.
    nonisolated func read<Value>(_ body: (Transaction) async throws -> Value) async throws -> Value {
        try await pool.withTransaction(isolation: .repeatableRead, body)
    }
}
