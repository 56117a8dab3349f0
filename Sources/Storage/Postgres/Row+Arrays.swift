extension Row {
    /// A `bigint[]` (or of a narrower integer); nil for NULL.
    public func optionalIntArray(_ column: String) throws(PostgresError) -> [Int64]? {
        try read(column, "integer array", ColumnType.isIntegerArray) { TextDecoding.array($0, TextDecoding.int) }
    }

    /// A `bigint[]` (or of a narrower integer).
    public func intArray(_ column: String) throws(PostgresError) -> [Int64] {
        try required(column, "integer array", optionalIntArray(column))
    }

    /// A `text[]` or `varchar[]`; nil for NULL.
    public func optionalTextArray(_ column: String) throws(PostgresError) -> [String]? {
        try read(column, "text array", ColumnType.isTextArray) { TextDecoding.array($0, TextDecoding.text) }
    }

    /// A `text[]` or `varchar[]`.
    public func textArray(_ column: String) throws(PostgresError) -> [String] {
        try required(column, "text array", optionalTextArray(column))
    }

    /// A `bytea[]`; nil for NULL.
    public func optionalBytesArray(_ column: String) throws(PostgresError) -> [[UInt8]]? {
        try read(column, "bytea array", { $0 == ColumnType.byteaArray }) { TextDecoding.array($0, TextDecoding.bytes) }
    }

    /// A `bytea[]`.
    public func bytesArray(_ column: String) throws(PostgresError) -> [[UInt8]] {
        try required(column, "bytea array", optionalBytesArray(column))
    }

    /// A `numeric[]` of whole numbers from 0 to 2¹²⁸−1; nil for NULL.
    public func optionalNumericArray(_ column: String) throws(PostgresError) -> [UInt128]? {
        try read(column, "numeric array", { $0 == ColumnType.numericArray }) {
            TextDecoding.array($0, TextDecoding.numeric)
        }
    }

    /// A `numeric[]` of whole numbers from 0 to 2¹²⁸−1.
    public func numericArray(_ column: String) throws(PostgresError) -> [UInt128] {
        try required(column, "numeric array", optionalNumericArray(column))
    }

    /// A `boolean[]`; nil for NULL.
    public func optionalBoolArray(_ column: String) throws(PostgresError) -> [Bool]? {
        try read(column, "boolean array", { $0 == ColumnType.boolArray }) { TextDecoding.array($0, TextDecoding.bool) }
    }

    /// A `boolean[]`.
    public func boolArray(_ column: String) throws(PostgresError) -> [Bool] {
        try required(column, "boolean array", optionalBoolArray(column))
    }

    /// A column as the value its SQL type says; a type without a reader is read as text.
    public func value(_ column: String) throws(PostgresError) -> SQLValue {
        let (_, type) = try result.column(column)
        let value: SQLValue? =
            switch type {
            case ColumnType.bool: try optionalBool(column).map { .bool($0) }
            case ColumnType.bytea: try optionalBytes(column).map { .bytes($0) }
            case ColumnType.numeric: try optionalNumeric(column).map { .numeric($0) }
            case ColumnType.boolArray: try optionalBoolArray(column).map { .boolArray($0) }
            case ColumnType.byteaArray: try optionalBytesArray(column).map { .bytesArray($0) }
            case ColumnType.numericArray: try optionalNumericArray(column).map { .numericArray($0) }
            case _ where ColumnType.isInteger(type): try optionalInt(column).map { .int($0) }
            case _ where ColumnType.isIntegerArray(type): try optionalIntArray(column).map { .intArray($0) }
            case _ where ColumnType.isTextArray(type): try optionalTextArray(column).map { .textArray($0) }
            default: try optionalText(column).map { .text($0) }
            }
        return value ?? .null
    }
}
