/// A five-character SQLSTATE of PostgreSQL (Appendix A of its manual), with names for those the program acts upon.
public struct SQLState: RawRepresentable, Sendable, Hashable {
    /// The five characters.
    public let rawValue: String

    /// Wraps a code as the server sent it.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The first two characters: the class of the condition.
    public var conditionClass: String { String(rawValue.prefix(2)) }

    /// Whether the same transaction may succeed when run again: 40001 and 40P01 only.
    public var isRetryable: Bool { self == .serializationFailure || self == .deadlockDetected }
}

extension SQLState {
    /// 08006: the connection to the server failed.
    public static let connectionFailure = SQLState(rawValue: "08006")
    /// 0A000: the feature is not supported.
    public static let featureNotSupported = SQLState(rawValue: "0A000")
    /// 22003: a number is out of its type's range.
    public static let numericValueOutOfRange = SQLState(rawValue: "22003")
    /// 22012: a division by zero.
    public static let divisionByZero = SQLState(rawValue: "22012")
    /// 22021: a byte sequence is invalid in the encoding.
    public static let characterNotInRepertoire = SQLState(rawValue: "22021")
    /// 22P02: a value's text is not valid for its type.
    public static let invalidTextRepresentation = SQLState(rawValue: "22P02")
    /// 23000: a trigger of the schema refused what would break its rules.
    public static let integrityConstraintViolation = SQLState(rawValue: "23000")
    /// 23502: a NOT NULL column was given NULL.
    public static let notNullViolation = SQLState(rawValue: "23502")
    /// 23503: a foreign key has no row to refer to, or a referred row is being deleted.
    public static let foreignKeyViolation = SQLState(rawValue: "23503")
    /// 23505: a unique or primary key exists already.
    public static let uniqueViolation = SQLState(rawValue: "23505")
    /// 23514: a CHECK constraint does not hold.
    public static let checkViolation = SQLState(rawValue: "23514")
    /// 23P01: an EXCLUDE constraint does not hold.
    public static let exclusionViolation = SQLState(rawValue: "23P01")
    /// 25006: a write in a read-only transaction.
    public static let readOnlyTransaction = SQLState(rawValue: "25006")
    /// 25P02: a statement in a transaction that an earlier failure aborted.
    public static let inFailedTransaction = SQLState(rawValue: "25P02")
    /// 28000: the role may not connect.
    public static let invalidAuthorization = SQLState(rawValue: "28000")
    /// 28P01: the password is wrong.
    public static let invalidPassword = SQLState(rawValue: "28P01")
    /// 3D000: no such database.
    public static let invalidCatalogName = SQLState(rawValue: "3D000")
    /// 40001: a concurrent transaction prevented this one; run it again.
    public static let serializationFailure = SQLState(rawValue: "40001")
    /// 40P01: a deadlock was resolved by aborting this transaction; run it again.
    public static let deadlockDetected = SQLState(rawValue: "40P01")
    /// 42501: the role lacks a privilege.
    public static let insufficientPrivilege = SQLState(rawValue: "42501")
    /// 42601: the statement does not parse.
    public static let syntaxError = SQLState(rawValue: "42601")
    /// 42703: no such column.
    public static let undefinedColumn = SQLState(rawValue: "42703")
    /// 42804: an expression's type does not fit; a `String` bound for a non-text column needs a cast.
    public static let datatypeMismatch = SQLState(rawValue: "42804")
    /// 42883: no such function or operator for the arguments' types.
    public static let undefinedFunction = SQLState(rawValue: "42883")
    /// 42P01: no such table.
    public static let undefinedTable = SQLState(rawValue: "42P01")
    /// 42P07: the table exists already.
    public static let duplicateTable = SQLState(rawValue: "42P07")
    /// 42710: the object exists already.
    public static let duplicateObject = SQLState(rawValue: "42710")
    /// 53100: the server's disk is full.
    public static let diskFull = SQLState(rawValue: "53100")
    /// 53200: the server is out of memory.
    public static let outOfMemory = SQLState(rawValue: "53200")
    /// 53300: the server has no connection slot left.
    public static let tooManyConnections = SQLState(rawValue: "53300")
    /// 55P03: a lock was not available within `lock_timeout` or under NOWAIT.
    public static let lockNotAvailable = SQLState(rawValue: "55P03")
    /// 57014: the statement was cancelled, by `statement_timeout` or by an administrator.
    public static let queryCanceled = SQLState(rawValue: "57014")
    /// 57P01: an administrator ended the session.
    public static let adminShutdown = SQLState(rawValue: "57P01")
    /// 57P02: the server crashed and ended all sessions.
    public static let crashShutdown = SQLState(rawValue: "57P02")
    /// 57P03: the server is starting or stopping.
    public static let cannotConnectNow = SQLState(rawValue: "57P03")
}
