/// Session-level advisory locks on a connection of their own, held for the life of a service: only one of several
/// processes does a job that must not be done twice.
///
/// The server frees the locks when the connection ends, so a holder must stop its job when ``isHeld(_:)`` says so; between
/// the loss and the next look another process may hold the lock.
public actor AdvisoryLock {
    private let executor: BlockingExecutor
    private let configuration: PostgresConfiguration
    private let session = Session()
    private var held: Set<Int64> = []

    /// The lock connection's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Makes a holder of no locks; the connection is opened by the first ``tryAcquire(_:)``.
    public init(configuration: PostgresConfiguration) {
        executor = BlockingExecutor(label: "postgres advisory lock")
        self.configuration = configuration
    }

    /// Takes the lock of a key unless another session has it, connecting first if the connection was lost.
    /// - Returns: whether this holder has the lock now; also true when it had it before.
    public func tryAcquire(_ key: Int64) throws(PostgresError) -> Bool {
        if !session.isAlive {
            held = []
            try session.open(configuration)
        }
        // The server counts acquisitions of one session; one release should be enough.
        if held.contains(key) { return true }
        let row = try session.run("SELECT pg_try_advisory_lock(\(key)) AS acquired").rows.first
        let isAcquired = try row?.bool("acquired") ?? false
        if isAcquired { held.insert(key) }
        return isAcquired
    }

    /// Whether this holder still has the lock; asks the server, so a lost connection shows.
    public func isHeld(_ key: Int64) -> Bool {
        guard held.contains(key) else { return false }
        // The lock lives as long as the session, and a session that answers lives.
        if (try? session.run("SELECT 1")) != nil { return true }
        loseSession()
        return false
    }

    /// Returns when the lock is not, or no longer, held; throws `CancellationError` when the task is cancelled first.
    public func waitUntilLost(_ key: Int64, checkingEvery interval: Duration, clock: any Clock<Duration>) async throws {
        while isHeld(key) { try await clock.sleep(for: interval) }
    }

    /// Frees the lock of a key; nothing if it is not held.
    public func release(_ key: Int64) {
        guard held.remove(key) != nil else { return }
        // When the server cannot be told, ending the session frees the lock as surely.
        if (try? session.run("SELECT pg_advisory_unlock(\(key))")) == nil { loseSession() }
    }

    /// Frees all locks and ends the connection.
    public func close() {
        // The server notices a closed connection only some time after; another holder should not have to wait for that.
        if !held.isEmpty { _ = try? session.run("SELECT pg_advisory_unlock_all()") }
        loseSession()
    }

    private func loseSession() {
        session.close()
        held = []
    }
}
