/// Why an operation on PostgreSQL failed.
///
/// `description` is fit for logs that leave the machine: it holds no bound value, no SQL and no password.
/// `debugDescription` (`String(reflecting:)`) adds the SQL text, which holds `$n` in place of the values.
public enum PostgresError: Error, Sendable, Equatable {
    /// The server could not be reached, refused the session, or the connection was lost; libpq's message.
    case connectionFailed(message: String)
    /// The server refused a statement.
    case server(ServerFailure)
    /// libpq or the server answered with something this client does not use; the connection is dropped.
    case protocolViolation(message: String)
    /// A bound value or the statement's text cannot be sent; nothing was. Parameters count from 1, 0 is the text itself.
    case invalidParameter(position: Int, reason: String)
    /// A column was read as something it is not. Never holds the value.
    case decoding(column: String, expected: String, found: String)
    /// As many tasks wait for a connection as may wait.
    case poolExhausted
    /// No connection became free within the time to wait for one. A statement timeout is `.server` with 57014.
    case timedOut
    /// The connection, pool or transaction was closed before.
    case closed
    /// The connection was lost while the server processed COMMIT: the transaction may have been committed or not. Only
    /// reading the data tells; running it again may do it twice.
    case commitUnknown

    /// What the server said about a refused statement.
    ///
    /// Its DETAIL is dropped, because it quotes values.
    public struct ServerFailure: Sendable, Equatable {
        /// The SQLSTATE.
        public let state: SQLState
        /// The primary message.
        ///
        /// It may quote a bound value ("invalid input syntax for …"): do not log it.
        public let message: String
        /// The violated constraint's name, if the failure is about one.
        public let constraint: String?
        /// The table's name, if the failure is about one.
        public let table: String?
        /// The column's name, if the failure is about one.
        public let column: String?
        /// The statement with `$n` in place of its values.
        public let sql: String

        /// Makes a failure as the server would report it.
        public init(
            state: SQLState,
            message: String,
            constraint: String? = nil,
            table: String? = nil,
            column: String? = nil,
            sql: String = ""
        ) {
            self.state = state
            self.message = message
            self.constraint = constraint
            self.table = table
            self.column = column
            self.sql = sql
        }
    }
}

extension PostgresError {
    /// The SQLSTATE, if the server refused a statement.
    public var sqlState: SQLState? {
        if case .server(let failure) = self { failure.state } else { nil }
    }

    /// The violated constraint, if the server refused a statement for one.
    public var constraint: String? {
        if case .server(let failure) = self { failure.constraint } else { nil }
    }
}

extension PostgresError: CustomStringConvertible, CustomDebugStringConvertible {
    /// What failed, without values, SQL or passwords.
    public var description: String {
        switch self {
        case .connectionFailed(let message): "the connection to PostgreSQL failed: \(message)"
        case .server(let failure): failure.description
        case .protocolViolation(let message): "unexpected answer from PostgreSQL: \(message)"
        case .invalidParameter(let position, let reason): "SQL parameter \(position) cannot be sent: \(reason)"
        case .decoding(let column, let expected, let found): "column \(column): expected \(expected), found \(found)"
        case .poolExhausted: "too many tasks wait for a PostgreSQL connection"
        case .timedOut: "no PostgreSQL connection became free in time"
        case .closed: "the PostgreSQL connection or transaction is closed"
        case .commitUnknown: "the connection to PostgreSQL was lost during COMMIT; whether it happened is unknown"
        }
    }

    /// What failed, with the SQL text.
    public var debugDescription: String {
        if case .server(let failure) = self { failure.debugDescription } else { description }
    }
}

extension PostgresError.ServerFailure: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The SQLSTATE and the names of the objects concerned.
    public var description: String {
        let objects = [("constraint", constraint), ("table", table), ("column", column)]
        let named = objects.compactMap { kind, name in name.map { ", \(kind) \($0)" } }
        return "PostgreSQL refused a statement with SQLSTATE \(state.rawValue)" + named.joined()
    }

    /// The description, the statement's text and, for conditions that cannot quote a value, the server's message.
    public var debugDescription: String {
        // Transaction state, missing objects, resources and operator intervention name objects and limits only; data
        // exceptions (22), constraint violations (23) and raised errors (P0) quote what was bound.
        let classesWithoutValues: Set<String> = ["0A", "25", "28", "3D", "40", "42", "53", "55", "57", "58"]
        let told = classesWithoutValues.contains(state.conditionClass) ? " (\(message))" : ""
        return "\(description)\(told) in: \(sql)"
    }

    /// Only the redacted description, so that `dump` does not show the message.
    public var customMirror: Mirror { Mirror(self, children: ["failure": description]) }
}
