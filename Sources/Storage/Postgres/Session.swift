import CPostgres

/// One libpq session: opening, statements, closing.
///
/// Every call may block. Not Sendable: it belongs to one actor, whose ``BlockingExecutor`` gives it a thread that may wait.
final class Session {
    private var handle: OpaquePointer?
    private var statements = StatementCache()

    /// The failure that aborted the open transaction, for a caller who only finds it aborted.
    private(set) var abortCause: PostgresError?

    /// Whether the server announced the session's end between two statements.
    private var isEnding = false

    deinit {
        close()
    }

    /// Connects and sets what the decoders rely on, and that a commit is on the server's disk when it is answered.
    func open(_ configuration: PostgresConfiguration) throws(PostgresError) {
        close()
        let opened = try Self.connect(configuration)
        handle = opened
        listenForNotices(opened)
        do throws(PostgresError) {
            _ = try runScript(
                """
                SELECT set_config('bytea_output', 'hex', false), set_config('DateStyle', 'ISO', false),
                    set_config('standard_conforming_strings', 'on', false),
                    set_config('synchronous_commit', CASE current_setting('synchronous_commit')
                        WHEN 'off' THEN 'on' ELSE current_setting('synchronous_commit') END, false),
                    set_config('statement_timeout', '\(configuration.statementTimeoutMilliseconds)', false)
                """
            )
        } catch {
            close()
            throw error
        }
    }

    func close() {
        PQfinish(handle)
        handle = nil
        statements = StatementCache()
        abortCause = nil
        isEnding = false
    }

    /// Whether the session is usable as far as is known without asking the server.
    ///
    /// Reads what has arrived, which shows a session that the server ended.
    var isAlive: Bool {
        guard let handle, PQstatus(handle) == CONNECTION_OK else { return false }
        guard PQconsumeInput(handle) == 1 else { return false }
        // Handles what was read; a last message of the server goes to the notice receiver.
        _ = PQisBusy(handle)
        return !isEnding && PQstatus(handle) == CONNECTION_OK
    }

    /// Where the session stands between transactions; unknown when the connection is lost.
    var transactionStatus: PGTransactionStatusType { PQtransactionStatus(handle) }

    /// Runs a statement with its values, prepared on first use.
    func run(_ sql: SQL) throws(PostgresError) -> ResultSet {
        let parameters = try Self.encode(sql)
        let handle = try liveHandle()
        let key = StatementCache.Key(text: sql.text, types: sql.types)
        let name = try prepare(key, on: handle)
        let result = parameters.withBinary { values, lengths, formats in
            PQexecPrepared(handle, name, CInt(parameters.count), values, lengths, formats, 0)
        }
        if Self.isStalePlan(result) {
            // The table changed since the statement was prepared. Inside a transaction the failure stands, and the old
            // name stays with the server until the session ends, since an aborted transaction cannot deallocate it.
            statements.remove(key)
            if PQtransactionStatus(handle) == PQTRANS_IDLE {
                PQclear(result)
                PQclear(PQexec(handle, "DEALLOCATE \(name)"))
                return try run(sql)
            }
        }
        return try take(result, sql: sql.text)
    }

    /// Opens a cursor for a query; not prepared, since an export runs once.
    func declareCursor(_ name: String, for sql: SQL) throws(PostgresError) {
        let parameters = try Self.encode(sql)
        let handle = try liveHandle()
        let text = "DECLARE \(name) NO SCROLL CURSOR FOR \(sql.text)"
        let result = parameters.withBinary { values, lengths, formats in
            PQexecParams(handle, text, CInt(parameters.count), sql.types, values, lengths, formats, 0)
        }
        _ = try take(result, sql: text)
    }

    /// Runs statements without values in one round trip; several are one transaction unless they say otherwise.
    func runScript(_ text: String) throws(PostgresError) -> ResultSet {
        guard !text.utf8.contains(0) else { throw .invalidParameter(position: 0, reason: "the SQL text holds U+0000") }
        return try take(PQexec(liveHandle(), text), sql: text)
    }

    func begin(_ isolation: Transaction.Isolation) throws(PostgresError) {
        abortCause = nil
        _ = try runScript("BEGIN \(isolation.mode)")
    }

    /// Commits; throws what aborted the transaction when it can no longer commit, or ``PostgresError/commitUnknown``.
    func commit() throws(PostgresError) {
        // A session lost before COMMIT was sent has committed nothing, and that is certain.
        guard isAlive else { throw .connectionFailed(message: "the connection was lost before COMMIT") }
        let handle = try liveHandle()
        if PQtransactionStatus(handle) == PQTRANS_INERROR {
            _ = try runScript("ROLLBACK")
            throw abortCause
                ?? .server(PostgresError.ServerFailure(state: .inFailedTransaction, message: "aborted", sql: "COMMIT"))
        }
        let result = PQexec(handle, "COMMIT")
        guard PQstatus(handle) == CONNECTION_OK else {
            PQclear(result)
            throw .commitUnknown
        }
        let tag = try take(result, sql: "COMMIT").commandTag
        guard tag == "COMMIT" else { throw .protocolViolation(message: "COMMIT was answered by \(tag)") }
    }
}

extension Session {
    /// Replaces libpq's default, which prints notices to standard error.
    ///
    /// Outside of a statement a FATAL error comes as a notice too, before the end of the stream: a session that an
    /// administrator ends is known as soon as the server says so.
    private func listenForNotices(_ handle: OpaquePointer) {
        // The pointer outlives its use: libpq calls back from within calls of this object only.
        let context = Unmanaged.passUnretained(self).toOpaque()
        PQsetNoticeReceiver(
            handle,
            { context, notice in
                guard let context, let notice, Session.isFatal(notice) else { return }
                Unmanaged<Session>.fromOpaque(context).takeUnretainedValue().isEnding = true
            },
            context
        )
    }

    private func liveHandle() throws(PostgresError) -> OpaquePointer {
        guard let handle else { throw .closed }
        guard PQstatus(handle) == CONNECTION_OK else { throw .connectionFailed(message: "the connection was lost") }
        return handle
    }

    /// The server-side name of a statement, prepared now if it is not.
    private func prepare(_ key: StatementCache.Key, on handle: OpaquePointer) throws(PostgresError) -> String {
        if let name = statements.name(for: key) { return name }
        let name = statements.freshName()
        _ = try take(PQprepare(handle, name, key.text, CInt(key.types.count), key.types), sql: key.text)
        if let evicted = statements.insert(name, for: key) { PQclear(PQexec(handle, "DEALLOCATE \(evicted)")) }
        return name
    }

    /// Takes a result over, or throws what it says.
    private func take(_ result: OpaquePointer?, sql: String) throws(PostgresError) -> ResultSet {
        guard let result else {
            throw .connectionFailed(message: Self.line(PQerrorMessage(handle)))
        }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            return ResultSet(owning: result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            // The stream now carries COPY data, which nothing here reads or writes.
            PQclear(result)
            close()
            throw .protocolViolation(message: "COPY is not supported")
        default:
            defer { PQclear(result) }
            let error = Self.error(result, sql: sql, isConnected: PQstatus(handle) == CONNECTION_OK)
            if PQtransactionStatus(handle) == PQTRANS_INERROR, error.sqlState != .inFailedTransaction {
                abortCause = error
            }
            throw error
        }
    }
}
