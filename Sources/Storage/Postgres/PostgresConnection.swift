import CPostgres

/// One session with PostgreSQL.
///
/// Its methods wait for the server on a thread of the connection's own, never on the cooperative pool. A statement is not
/// interrupted when its task is cancelled; the configuration's statement timeout bounds it. The session ends with
/// ``close()`` or with the last reference.
public actor PostgresConnection {
    private let executor: BlockingExecutor
    private let session = Session()
    private var openTransaction: UInt64?
    private var transactionsBegun: UInt64 = 0
    private var cursorsOpened: UInt64 = 0

    /// The connection's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    private init() {
        executor = BlockingExecutor(label: "postgres")
    }

    /// Opens a session.
    /// - Throws: `.connectionFailed`.
    public static func connect(_ configuration: PostgresConfiguration) async throws(PostgresError) -> PostgresConnection
    {
        let connection = PostgresConnection()
        try await connection.open(configuration)
        return connection
    }

    /// Runs a statement and returns its rows; none for a statement that returns no rows.
    public func query(_ sql: SQL) throws(PostgresError) -> [Row] {
        try session.run(sql).rows
    }

    /// Runs a statement and returns how many rows it changed, or returned if it is a SELECT.
    @discardableResult
    public func execute(_ sql: SQL) throws(PostgresError) -> Int {
        try session.run(sql).affectedRows
    }

    /// Runs SQL text that may hold several statements and takes no values: for migrations and tests.
    ///
    /// The statements are one transaction unless they begin and end their own.
    public func executeScript(_ text: String) throws(PostgresError) {
        _ = try session.runScript(text)
    }

    /// Whether the session is usable as far as is known without asking the server.
    public var isAlive: Bool { session.isAlive }

    /// Ends the session; a transaction that is open is rolled back by the server.
    public func close() {
        session.close()
    }

    /// Whether the next user may have the session: alive, and outside any transaction.
    var isReusable: Bool { session.isAlive && session.transactionStatus == PQTRANS_IDLE }

    private func open(_ configuration: PostgresConfiguration) throws(PostgresError) {
        try session.open(configuration)
    }
}

/// What ``Transaction`` does. A transaction is known by its number on its connection: one that ended, or escaped its
/// closure, finds another number or none and is refused.
extension PostgresConnection {
    func begin(_ isolation: Transaction.Isolation) throws(PostgresError) -> UInt64 {
        guard openTransaction == nil else {
            throw .protocolViolation(message: "a transaction is open on this connection already")
        }
        try session.begin(isolation)
        transactionsBegun += 1
        openTransaction = transactionsBegun
        return transactionsBegun
    }

    func commit(_ transaction: UInt64) throws(PostgresError) {
        try check(transaction)
        openTransaction = nil
        try session.commit()
    }

    /// Rolls back; returns whether a failure after which the transaction may be run again had aborted it.
    ///
    /// A session that cannot roll back is left as it is: the pool drops it, and the server rolls back at its end.
    func rollback(_ transaction: UInt64) -> Bool {
        guard openTransaction == transaction else { return false }
        openTransaction = nil
        let isAborted = session.transactionStatus == PQTRANS_INERROR
        _ = try? session.runScript("ROLLBACK")
        return isAborted && session.abortCause?.sqlState?.isRetryable == true
    }

    func query(_ sql: SQL, in transaction: UInt64) throws(PostgresError) -> [Row] {
        try check(transaction)
        return try query(sql)
    }

    func execute(_ sql: SQL, in transaction: UInt64) throws(PostgresError) -> Int {
        try check(transaction)
        return try execute(sql)
    }

    func executeScript(_ text: String, in transaction: UInt64) throws(PostgresError) {
        try check(transaction)
        try executeScript(text)
        // The script may have ended the transaction itself, and then nothing after it is atomic with it.
        guard session.transactionStatus == PQTRANS_INTRANS else {
            openTransaction = nil
            throw .protocolViolation(message: "the script ended the transaction it runs in")
        }
    }

    func declareCursor(for sql: SQL, in transaction: UInt64) throws(PostgresError) -> String {
        try check(transaction)
        cursorsOpened += 1
        let name = "rows_\(cursorsOpened)"
        try session.declareCursor(name, for: sql)
        return name
    }

    func fetch(_ count: Int, from cursor: String, in transaction: UInt64) throws(PostgresError) -> [Row] {
        try check(transaction)
        return try session.runScript("FETCH FORWARD \(count) FROM \(cursor)").rows
    }

    func closeCursor(_ cursor: String, in transaction: UInt64) throws(PostgresError) {
        try check(transaction)
        _ = try session.runScript("CLOSE \(cursor)")
    }

    private func check(_ transaction: UInt64) throws(PostgresError) {
        guard openTransaction == transaction else { throw .closed }
    }
}
