/// One row of an answer; columns are read by name.
///
/// Each reader checks the column's SQL type, so a schema change shows as ``PostgresError/decoding(column:expected:found:)``
/// rather than as a wrong value. A row keeps the whole answer it came from in memory.
public struct Row: Sendable {
    let result: ResultSet
    let index: CInt

    /// A `smallint`, `integer`, `bigint` or `oid`.
    public func int(_ column: String) throws(PostgresError) -> Int64 {
        try required(column, "integer", optionalInt(column))
    }

    /// A `smallint`, `integer`, `bigint` or `oid`; nil for NULL.
    public func optionalInt(_ column: String) throws(PostgresError) -> Int64? {
        try read(column, "integer", ColumnType.isInteger, TextDecoding.int)
    }

    /// A `text`, or the text form of a type without a reader here (`varchar`, `uuid`, `jsonb`, enums, timestamps).
    public func text(_ column: String) throws(PostgresError) -> String {
        try required(column, "text", optionalText(column))
    }

    /// A `text`, or the text form of a type without a reader here; nil for NULL.
    public func optionalText(_ column: String) throws(PostgresError) -> String? {
        try read(column, "text", ColumnType.isTextual, TextDecoding.text)
    }

    /// A `bytea`.
    public func bytes(_ column: String) throws(PostgresError) -> [UInt8] {
        try required(column, "bytea", optionalBytes(column))
    }

    /// A `bytea`; nil for NULL.
    public func optionalBytes(_ column: String) throws(PostgresError) -> [UInt8]? {
        try read(column, "bytea", { $0 == ColumnType.bytea }, TextDecoding.bytes)
    }

    /// A `boolean`.
    public func bool(_ column: String) throws(PostgresError) -> Bool {
        try required(column, "boolean", optionalBool(column))
    }

    /// A `boolean`; nil for NULL.
    public func optionalBool(_ column: String) throws(PostgresError) -> Bool? {
        try read(column, "boolean", { $0 == ColumnType.bool }, TextDecoding.bool)
    }

    /// A `numeric` that is a whole number from 0 to 2¹²⁸−1, without a fraction (`1.0` is refused).
    public func numeric(_ column: String) throws(PostgresError) -> UInt128 {
        try required(column, "whole numeric", optionalNumeric(column))
    }

    /// A `numeric` that is a whole number from 0 to 2¹²⁸−1, without a fraction; nil for NULL.
    public func optionalNumeric(_ column: String) throws(PostgresError) -> UInt128? {
        try read(column, "whole numeric", { $0 == ColumnType.numeric }, TextDecoding.numeric)
    }
}

extension Row {
    func required<Value>(_ column: String, _ expected: String, _ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw .decoding(column: column, expected: expected, found: "NULL") }
        return value
    }

    /// Reads a column whose type the check accepts; nil for NULL.
    func read<Value>(
        _ column: String,
        _ expected: String,
        _ isExpected: (UInt32) -> Bool,
        _ decode: (UnsafeRawBufferPointer) -> Value?
    ) throws(PostgresError) -> Value? {
        let (position, type) = try result.column(column)
        guard isExpected(type) else {
            throw .decoding(column: column, expected: expected, found: ColumnType.name(of: type))
        }
        let outcome: Value?? = result.withValue(row: index, column: position) { text in
            guard let text else { return .some(nil) }
            return decode(text).map { .some($0) }
        }
        guard let outcome else {
            throw .decoding(column: column, expected: expected, found: "\(ColumnType.name(of: type)) that does not fit")
        }
        return outcome
    }
}
