import CSQLite
import Channels
import Primitives

/// The row that a query stands on; it is read before the query goes on.
struct SQLiteRow {
    private let statement: OpaquePointer

    init(statement: OpaquePointer) {
        self.statement = statement
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }

    func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

    /// A count or number that is never negative.
    func unsigned(_ column: Int32) throws(SQLiteFailure) -> UInt64 {
        guard let value = UInt64(exactly: integer(column)) else { throw .damaged("a negative number") }
        return value
    }

    /// A node's number.
    func node(_ column: Int32) throws(SQLiteFailure) -> UInt32 {
        guard let value = UInt32(exactly: integer(column)) else { throw .damaged("no node number") }
        return value
    }

    /// A shard.
    func shard(_ column: Int32) throws(SQLiteFailure) -> Shard {
        guard let number = UInt16(exactly: integer(column)) else { throw .damaged("no shard") }
        return Shard(number: number)
    }

    func text(_ column: Int32) -> String { sqlite3_column_text(statement, column).map { String(cString: $0) } ?? "" }

    /// A day.
    func day(_ column: Int32) throws(SQLiteFailure) -> UTCDay { UTCDay(number: try node(column)) }

    func blob(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(statement, column) else { return [] }
        return Array(UnsafeRawBufferPointer(start: start, count: Int(sqlite3_column_bytes(statement, column))))
    }

    /// A value as it is stored.
    func value(_ column: Int32) -> SQLiteValue {
        switch sqlite3_column_type(statement, column) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer(integer(column))
        default: .blob(blob(column))
        }
    }

    /// An id or hash.
    func bytes32(_ column: Int32) throws(SQLiteFailure) -> Bytes32 {
        guard let value = Bytes32(blob(column)) else { throw .damaged("no 32 bytes") }
        return value
    }

}

extension SQLiteFailure {
    /// A row holds what this program never wrote.
    static func damaged(_ what: String) -> SQLiteFailure {
        SQLiteFailure(code: SQLITE_CORRUPT, message: "a row of the store holds " + what)
    }
}

extension SQLiteValue {
    static func id(_ value: Bytes32) -> SQLiteValue { .blob(value.bytes) }
    static func day(_ value: UTCDay) -> SQLiteValue { .integer(Int64(value.number)) }
    static func node(_ value: UInt32) -> SQLiteValue { .integer(Int64(value)) }
    static func shard(_ value: Shard) -> SQLiteValue { .integer(Int64(value.number)) }
    /// A number that was checked to be below 2^63.
    static func number(_ value: UInt64) -> SQLiteValue { .integer(Int64(clamping: value)) }
}
