/// A value bound to a `$n` parameter or read from a column.
///
/// Arrays are one-dimensional and hold no NULLs.
public enum SQLValue: Sendable, Equatable {
    /// SQL NULL of any type.
    case null
    /// A `bigint` (or a narrower integer when read).
    case int(Int64)
    /// A `text`.
    case text(String)
    /// A `bytea`.
    case bytes([UInt8])
    /// A `boolean`.
    case bool(Bool)
    /// A `numeric` that is a whole number from 0 to 2¹²⁸−1.
    case numeric(UInt128)
    /// A `bigint[]`.
    case intArray([Int64])
    /// A `text[]`.
    case textArray([String])
    /// A `bytea[]`.
    case bytesArray([[UInt8]])
    /// A `numeric[]` of whole numbers from 0 to 2¹²⁸−1.
    case numericArray([UInt128])
    /// A `boolean[]`.
    case boolArray([Bool])
}

extension SQLValue {
    /// The SQL type the value is bound as; nil for NULL, whose type comes from where it was interpolated.
    var type: SQLType? {
        switch self {
        case .null: nil
        case .int: .bigint
        case .text: .text
        case .bytes: .bytea
        case .bool: .boolean
        case .numeric: .numeric
        case .intArray: .bigintArray
        case .textArray: .textArray
        case .bytesArray: .byteaArray
        case .numericArray: .numericArray
        case .boolArray: .booleanArray
        }
    }
}
