import CPostgres

extension Session {
    /// Opens a connection; the caller owns the handle.
    static func connect(_ configuration: PostgresConfiguration) throws(PostgresError) -> OpaquePointer {
        let text = configuration.connectionString
        guard !text.utf8.contains(0), !configuration.applicationName.utf8.contains(0),
            PostgresConfiguration.options(of: text) != nil
        else {
            throw .connectionFailed(
                message: "the connection string cannot be parsed; it is not shown, since it may hold a password"
            )
        }
        // Of a repeated keyword the last one counts: those before dbname are defaults the string may override. They end
        // a connection whose server vanished without a word, within about a minute.
        let options = [
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "60000"),
            ("dbname", text),
            ("application_name", configuration.applicationName),
            ("connect_timeout", String(configuration.connectTimeoutSeconds)),
            ("client_encoding", "UTF8"),
        ]
        var keywords = ParameterBuffer()
        var values = ParameterBuffer()
        for (keyword, value) in options { _ = (keywords.append(keyword), values.append(value)) }
        keywords.appendNull()
        values.appendNull()
        let handle = keywords.withPointers { keywords in values.withPointers { PQconnectdbParams(keywords, $0, 1) } }
        guard PQstatus(handle) == CONNECTION_OK else {
            defer { PQfinish(handle) }
            throw .connectionFailed(message: line(PQerrorMessage(handle)))
        }
        guard let handle else { throw .connectionFailed(message: "libpq is out of memory") }
        return handle
    }

    /// The statement's values in binary format; throws when it cannot be sent at all.
    static func encode(_ sql: SQL) throws(PostgresError) -> ParameterBuffer {
        if let fault = sql.fault { throw fault }
        guard !sql.text.utf8.contains(0) else {
            throw .invalidParameter(position: 0, reason: "the SQL text holds U+0000")
        }
        guard sql.values.count <= Int(UInt16.max) else {
            throw .invalidParameter(position: sql.values.count, reason: "a statement takes at most 65535 parameters")
        }
        var parameters = ParameterBuffer()
        for (index, value) in sql.values.enumerated() where !parameters.append(value) {
            throw .invalidParameter(position: index + 1, reason: "PostgreSQL cannot store U+0000 in text")
        }
        return parameters
    }

    /// The error a failed result stands for.
    static func error(_ result: OpaquePointer, sql: String, isConnected: Bool) -> PostgresError {
        guard let state = field(.state, of: result) else {
            // libpq's own failures have no SQLSTATE.
            let message = line(PQresultErrorMessage(result))
            return isConnected ? .protocolViolation(message: message) : .connectionFailed(message: message)
        }
        return .server(
            PostgresError.ServerFailure(
                state: SQLState(rawValue: state),
                message: field(.message, of: result) ?? "",
                constraint: field(.constraint, of: result),
                table: field(.table, of: result),
                column: field(.column, of: result),
                sql: sql
            )
        )
    }

    /// Whether a prepared statement failed only because its result columns changed under it.
    ///
    /// Other uses of 0A000 are told apart by the server function that raised it.
    static func isStalePlan(_ result: OpaquePointer?) -> Bool {
        guard let result, PQresultStatus(result) == PGRES_FATAL_ERROR else { return false }
        return field(.state, of: result) == SQLState.featureNotSupported.rawValue
            && field(.sourceFunction, of: result) == "RevalidateCachedQuery"
    }

    /// Whether a message of the server ends the session.
    static func isFatal(_ notice: OpaquePointer) -> Bool {
        let severity = field(.severity, of: notice)
        return severity == "FATAL" || severity == "PANIC"
    }

    /// A libpq message on one line.
    static func line(_ message: UnsafePointer<CChar>?) -> String {
        guard let message else { return "no message" }
        return String(cString: message).split { $0.isNewline || $0 == "\t" }.joined(separator: " ")
    }

    /// The fields of an error, by the protocol's letters; libpq's PG_DIAG_ macros are character literals, which Swift does
    /// not import.
    private enum Field: Unicode.Scalar {
        case severity = "V"
        case state = "C"
        case message = "M"
        case constraint = "n"
        case table = "t"
        case column = "c"
        case sourceFunction = "R"
    }

    private static func field(_ field: Field, of result: OpaquePointer) -> String? {
        PQresultErrorField(result, CInt(field.rawValue.value)).map { String(cString: $0) }
    }
}
