import CSQLite

/// What SQLite answered instead of doing its work.
struct SQLiteFailure: Error, Hashable, Sendable {
    /// SQLite's extended result code.
    let code: Int32
    /// SQLite's message.
    let message: String

    /// Whether the disk has no room.
    var isDiskFull: Bool { code & 0xff == SQLITE_FULL }
    /// Whether another process holds the database.
    var isBusy: Bool { code & 0xff == SQLITE_BUSY || code & 0xff == SQLITE_LOCKED }
    /// Whether the file can't be opened or written.
    var isCantOpen: Bool { [SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM].contains(code & 0xff) }
    /// Whether the file is no database, or a damaged one.
    var isNotADatabase: Bool { code & 0xff == SQLITE_NOTADB || code & 0xff == SQLITE_CORRUPT }
}

/// A value that SQLite binds or returns.
enum SQLiteValue: Hashable, Sendable {
    case integer(Int64)
    case blob([UInt8])
    case null
}

/// One connection to a database file with its prepared statements. Not shared: its owner calls it from one place.
final class SQLiteDatabase {
    private var handle: OpaquePointer?
    private var statements: [String: OpaquePointer] = [:]
    /// Called before each statement and after each commit; what it throws is what the disk would have said. For trials.
    var disturbance: ((String) throws(SQLiteFailure) -> Void)?

    /// How often the disk or the file failed, by kind.
    private(set) var failures: [String: UInt64] = [:]

    /// Opens or creates the file.
    init(path: String) throws(SQLiteFailure) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard let opened else { throw SQLiteFailure(code: code, message: "no memory") }
        guard code == SQLITE_OK else {
            let failure = SQLiteFailure(code: code, message: String(cString: sqlite3_errmsg(opened)))
            sqlite3_close_v2(opened)
            throw failure
        }
        handle = opened
    }

    deinit { close() }

    /// Closes the file; whatever is asked afterwards fails.
    func close() {
        for statement in statements.values { sqlite3_finalize(statement) }
        statements = [:]
        sqlite3_close_v2(handle)
        handle = nil
    }

    /// Runs statements without values, several perhaps.
    func script(_ sql: String) throws(SQLiteFailure) {
        guard handle != nil else { throw closed }
        try counting { () throws(SQLiteFailure) in
            try disturbance?(sql)
            guard sqlite3_exec(handle, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
        }
    }

    private func counting(_ body: () throws(SQLiteFailure) -> Void) throws(SQLiteFailure) {
        do throws(SQLiteFailure) {
            try body()
        } catch {
            failures[error.reason, default: 0] += 1
            throw error
        }
    }

    /// Runs one statement; returns how many rows it changed.
    @discardableResult
    func run(_ sql: String, _ values: [SQLiteValue] = []) throws(SQLiteFailure) -> Int {
        try each(sql, values) { _ throws(SQLiteFailure) in }
        return Int(sqlite3_changes(handle))
    }

    /// Runs one query and reads each row.
    func rows<Row>(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ read: (SQLiteRow) throws(SQLiteFailure) -> Row
    ) throws(SQLiteFailure) -> [Row] {
        var rows: [Row] = []
        try each(sql, values) { row throws(SQLiteFailure) in rows.append(try read(row)) }
        return rows
    }

    /// Runs one query and reads its first row.
    func first<Row>(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ read: (SQLiteRow) throws(SQLiteFailure) -> Row
    ) throws(SQLiteFailure) -> Row? {
        try rows(sql, values, read).first
    }

    /// Whether a query has a row.
    func exists(_ sql: String, _ values: [SQLiteValue]) throws(SQLiteFailure) -> Bool {
        try first(sql, values) { _ in true } ?? false
    }

    /// Runs one query and gives each row to `body`.
    func each(
        _ sql: String,
        _ values: [SQLiteValue] = [],
        _ body: (SQLiteRow) throws(SQLiteFailure) -> Void
    ) throws(SQLiteFailure) {
        try counting { () throws(SQLiteFailure) in
            try disturbance?(sql)
            let statement = try prepared(sql)
            defer {
                sqlite3_reset(statement)
                sqlite3_clear_bindings(statement)
            }
            for (place, value) in values.enumerated() { try bind(value, to: statement, at: Int32(place + 1)) }
            while true {
                switch sqlite3_step(statement) {
                case SQLITE_ROW: try body(SQLiteRow(statement: statement))
                case SQLITE_DONE: return
                default: throw failure
                }
            }
        }
    }

    /// Runs `body` in one transaction that is durable when this returns; nothing of it is left where it throws.
    func transaction<Result>(_ body: () throws(SQLiteFailure) -> Result) throws(SQLiteFailure) -> Result {
        try script("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try script("COMMIT")
            try disturbance?("COMMITTED")
            return result
        } catch {
            // Some failures (a full disk among them) have rolled back already; then there is nothing left to undo.
            if sqlite3_get_autocommit(handle) == 0 { try? script("ROLLBACK") }
            throw error
        }
    }

    private func prepared(_ sql: String) throws(SQLiteFailure) -> OpaquePointer {
        if let statement = statements[sql] { return statement }
        guard handle != nil else { throw closed }
        var made: OpaquePointer?
        let code = sqlite3_prepare_v3(handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &made, nil)
        guard code == SQLITE_OK, let made else { throw failure }
        statements[sql] = made
        return made
    }

    private func bind(_ value: SQLiteValue, to statement: OpaquePointer, at place: Int32) throws(SQLiteFailure) {
        let code =
            switch value {
            case .integer(let integer): sqlite3_bind_int64(statement, place, integer)
            case .null: sqlite3_bind_null(statement, place)
            case .blob(let bytes) where bytes.isEmpty: sqlite3_bind_zeroblob(statement, place, 0)
            case .blob(let bytes):
                bytes.withUnsafeBytes { buffer in
                    // SQLITE_TRANSIENT: SQLite copies the bytes before the call returns.
                    sqlite3_bind_blob(
                        statement,
                        place,
                        buffer.baseAddress,
                        Int32(buffer.count),
                        unsafeBitCast(-1, to: sqlite3_destructor_type.self)
                    )
                }
            }
        guard code == SQLITE_OK else { throw failure }
    }

    private var closed: SQLiteFailure { SQLiteFailure(code: SQLITE_MISUSE, message: "the store is closed") }

    private var failure: SQLiteFailure {
        SQLiteFailure(code: sqlite3_extended_errcode(handle), message: String(cString: sqlite3_errmsg(handle)))
    }
}
