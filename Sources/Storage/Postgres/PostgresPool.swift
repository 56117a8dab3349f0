import Synchronization

/// A bounded set of connections, lent to closures.
///
/// Connections are opened when needed and kept. Tasks that find all of them lent wait in order, at most as many and as
/// long as the configuration says. A connection that was lost, or came back inside a transaction, is dropped.
public final class PostgresPool: Sendable {
    private let configuration: PostgresConfiguration
    private let clock: any Clock<Duration>
    private let generator: Mutex<any RandomNumberGenerator & Sendable>
    private let state: Mutex<PoolState<PostgresConnection>>

    /// Makes a pool; no connection is opened before the first is needed.
    /// - Parameters:
    ///   - clock: measures the waits for a connection and between retries.
    ///   - generator: spreads the waits between retries.
    public init(
        configuration: PostgresConfiguration,
        clock: any Clock<Duration> = ContinuousClock(),
        generator: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        self.configuration = configuration
        self.clock = clock
        self.generator = Mutex(generator)
        state = Mutex(
            PoolState(
                maximumConnections: configuration.maximumConnections,
                maximumWaiters: configuration.maximumWaiters
            )
        )
    }

    /// How the connections are used now.
    public var statistics: PoolStatistics { state.withLock { $0.statistics } }

    /// Runs the body with a connection that nobody else uses meanwhile; it must not escape the closure.
    ///
    /// Session settings the body changes stay with the connection.
    /// - Throws: what the body throws; `.poolExhausted`, `.timedOut`, `.closed` or `.connectionFailed` when there is no
    ///   connection to be had; `CancellationError` when the task is cancelled while it waits for one.
    public func withConnection<Value>(_ body: (PostgresConnection) async throws -> Value) async throws -> Value {
        let connection = try await acquire()
        do {
            let value = try await body(connection)
            await release(connection)
            return value
        } catch {
            await release(connection)
            throw error
        }
    }

    /// Runs the body in a transaction: commits when it returns, rolls back when it throws.
    ///
    /// After a conflict with another transaction (SQLSTATE 40001 or 40P01) the body runs again, so it must have no effect
    /// but through the transaction. Any other failure is thrown at once.
    /// - Parameters:
    ///   - retries: how often the body may run again, at least 0.
    /// - Throws: what the body or the commit throws, and as ``withConnection(_:)``. `.commitUnknown` means that the
    ///   transaction may or may not have been committed.
    public func withTransaction<Value>(
        isolation: Transaction.Isolation = .readCommitted,
        retries: Int = 5,
        _ body: (Transaction) async throws -> Value
    ) async throws -> Value {
        try await withConnection { connection in
            var retry = 0
            while true {
                do throws(TransactionFailure) {
                    return try await connection.attemptTransaction(isolation, body)
                } catch {
                    guard error.isRetryable, retry < retries else { throw error.cause }
                }
                retry += 1
                try await clock.sleep(for: pause(beforeRetry: retry))
            }
        }
    }

    /// Runs one statement on any connection and returns its rows.
    public func query(_ sql: SQL) async throws -> [Row] {
        try await withConnection { try await $0.query(sql) }
    }

    /// Runs one statement on any connection and returns how many rows it changed.
    @discardableResult
    public func execute(_ sql: SQL) async throws -> Int {
        try await withConnection { try await $0.execute(sql) }
    }

    /// Refuses new users and waiting ones, waits until every lent connection came back, and closes all.
    public func close() async {
        let (refused, idle) = state.withLock { $0.beginClosing() }
        for resumption in refused { resumption.perform() }
        for connection in idle { await connection.close() }
        await withCheckedContinuation { closer in
            if state.withLock({ $0.isDrained(otherwiseResume: closer) }) { closer.resume() }
        }
    }

    /// A random part of 10 ms, 20 ms, 40 ms … at most 320 ms: two transactions that met should not meet again.
    private func pause(beforeRetry retry: Int) -> Duration {
        let limit = 10_000 << min(retry - 1, 5)
        return .microseconds(generator.withLock { Self.random(below: limit, &$0) })
    }

    /// Opens the existential, which `Int.random` cannot take.
    private static func random(below limit: Int, _ generator: inout some RandomNumberGenerator) -> Int {
        Int.random(in: 0..<limit, using: &generator)
    }
}

extension PostgresPool {
    private func acquire() async throws -> PostgresConnection {
        let grant =
            switch state.withLock({ $0.request() }) {
            case .decided(let grant): grant
            case .queued(let ticket): await wait(ticket)
            }
        switch grant {
        case .lease(let connection):
            if await connection.isAlive { return connection }
            await connection.close()
            return try await open()
        case .open: return try await open()
        case .refused(let error): throw error
        case .cancelled: throw CancellationError()
        }
    }

    /// Fills a slot that was taken for this task.
    private func open() async throws(PostgresError) -> PostgresConnection {
        do throws(PostgresError) {
            return try await PostgresConnection.connect(configuration)
        } catch {
            freeSlot()
            throw error
        }
    }

    /// Waits for a decision on a ticket: a connection, the timeout, the pool's end or the task's cancellation.
    private func wait(_ ticket: UInt64) async -> PoolState<PostgresConnection>.Grant {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { [self] in
                // A failed sleep is a cancelled one: the wait below has ended.
                guard (try? await clock.sleep(for: configuration.acquireTimeout)) != nil else { return }
                state.withLock { $0.withdraw(ticket, .refused(.timedOut)) }?.perform()
            }
            defer { group.cancelAll() }
            return await withTaskCancellationHandler {
                await withCheckedContinuation { continuation in
                    state.withLock { $0.suspend(ticket, continuation) }?.perform()
                }
            } onCancel: {
                state.withLock { $0.withdraw(ticket, .cancelled) }?.perform()
            }
        }
    }

    private func release(_ connection: PostgresConnection) async {
        if await connection.isReusable {
            let (isKept, resumption) = state.withLock { $0.giveBack(connection) }
            resumption?.perform()
            if isKept { return }
        }
        await connection.close()
        freeSlot()
    }

    private func freeSlot() {
        let (resumption, closers) = state.withLock { $0.freeSlot() }
        resumption?.perform()
        for closer in closers { closer.resume() }
    }
}

extension PoolState.Resumption {
    fileprivate func perform() {
        continuation.resume(returning: grant)
    }
}
