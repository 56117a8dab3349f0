/// The SQL type a bound parameter is declared with.
///
/// Parameters are declared rather than inferred, so a `String` is always `text`: a `jsonb`, `uuid`, enum or timestamp
/// column needs a cast in the SQL (`\(json)::jsonb`), and the server never reads a value as a type the caller did not mean.
public enum SQLType: Sendable, Hashable {
    /// PostgreSQL\'s `bigint`.
    case bigint
    /// PostgreSQL\'s `text`.
    case text
    /// PostgreSQL\'s `bytea`.
    case bytea
    /// PostgreSQL\'s `boolean`.
    case boolean
    /// PostgreSQL\'s `numeric`.
    case numeric
    /// PostgreSQL\'s `bigint[]`.
    case bigintArray
    /// PostgreSQL\'s `text[]`.
    case textArray
    /// PostgreSQL\'s `bytea[]`.
    case byteaArray
    /// PostgreSQL\'s `boolean[]`.
    case booleanArray
    /// PostgreSQL\'s `numeric[]`.
    case numericArray

    /// The type's object identifier, fixed in PostgreSQL's `pg_type.dat`.
    var oid: UInt32 {
        switch self {
        case .bigint: ColumnType.int8
        case .text: ColumnType.text
        case .bytea: ColumnType.bytea
        case .boolean: ColumnType.bool
        case .numeric: ColumnType.numeric
        case .bigintArray: ColumnType.int8Array
        case .textArray: ColumnType.textArray
        case .byteaArray: ColumnType.byteaArray
        case .booleanArray: ColumnType.boolArray
        case .numericArray: ColumnType.numericArray
        }
    }
}

/// Object identifiers of the built-in types a column may have, fixed in PostgreSQL's `pg_type.dat`.
enum ColumnType {
    static let bool: UInt32 = 16
    static let bytea: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let oid: UInt32 = 26
    static let numeric: UInt32 = 1700
    static let boolArray: UInt32 = 1000
    static let byteaArray: UInt32 = 1001
    static let int2Array: UInt32 = 1005
    static let int4Array: UInt32 = 1007
    static let textArray: UInt32 = 1009
    static let varcharArray: UInt32 = 1015
    static let int8Array: UInt32 = 1016
    static let numericArray: UInt32 = 1231

    static func isInteger(_ type: UInt32) -> Bool {
        type == int8 || type == int4 || type == int2 || type == oid
    }

    static func isIntegerArray(_ type: UInt32) -> Bool {
        type == int8Array || type == int4Array || type == int2Array
    }

    static func isTextArray(_ type: UInt32) -> Bool {
        type == textArray || type == varcharArray
    }

    /// Whether the server's output may be taken as text: every type without a reader of its own (varchar, uuid, jsonb,
    /// enums, timestamps), so that a schema need not cast each of them.
    static func isTextual(_ type: UInt32) -> Bool {
        switch type {
        case text: true
        case bool, bytea, numeric, boolArray, byteaArray, numericArray: false
        default: !isInteger(type) && !isIntegerArray(type) && !isTextArray(type)
        }
    }

    /// The type's SQL name for an error message.
    static func name(of type: UInt32) -> String {
        switch type {
        case bool: "boolean"
        case bytea: "bytea"
        case int8: "bigint"
        case int2: "smallint"
        case int4: "integer"
        case text: "text"
        case oid: "oid"
        case numeric: "numeric"
        case boolArray: "boolean[]"
        case byteaArray: "bytea[]"
        case int2Array: "smallint[]"
        case int4Array: "integer[]"
        case textArray: "text[]"
        case varcharArray: "varchar[]"
        case int8Array: "bigint[]"
        case numericArray: "numeric[]"
        default: "the type with oid \(type)"
        }
    }
}
