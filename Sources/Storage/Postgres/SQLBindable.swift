/// A Swift type whose values may be interpolated into ``SQL`` as a bound parameter.
///
/// A domain type with one obvious column form may conform, so that `\(account)` binds it.
public protocol SQLBindable {
    /// The type the parameter is declared with, also when an optional value is absent.
    static var sqlType: SQLType { get }

    /// The value to bind; nil when it does not fit its SQL type, which fails the statement before it is sent.
    var sqlValue: SQLValue? { get }
}

/// A Swift type whose arrays are bound as one SQL value.
public protocol SQLArrayElement {
    /// The type an array of these is bound as.
    static var sqlArrayType: SQLType { get }

    /// The array's value; nil when an element does not fit.
    static func sqlArray(_ elements: [Self]) -> SQLValue?
}

extension Int64: SQLBindable, SQLArrayElement {
    /// Bound as `bigint`.
    public static var sqlType: SQLType { .bigint }
    /// Bound as `bigint[]`.
    public static var sqlArrayType: SQLType { .bigintArray }
    /// The number itself.
    public var sqlValue: SQLValue? { .int(self) }
    /// The numbers themselves.
    public static func sqlArray(_ elements: [Int64]) -> SQLValue? { .intArray(elements) }
}

extension Int: SQLBindable, SQLArrayElement {
    /// Bound as `bigint`.
    public static var sqlType: SQLType { .bigint }
    /// Bound as `bigint[]`.
    public static var sqlArrayType: SQLType { .bigintArray }
    /// The number itself.
    public var sqlValue: SQLValue? { .int(Int64(self)) }
    /// The numbers themselves.
    public static func sqlArray(_ elements: [Int]) -> SQLValue? { .intArray(elements.map { Int64($0) }) }
}

extension UInt32: SQLBindable {
    /// Bound as `bigint`.
    public static var sqlType: SQLType { .bigint }
    /// The number itself.
    public var sqlValue: SQLValue? { .int(Int64(self)) }
}

extension UInt64: SQLBindable, SQLArrayElement {
    /// Bound as `bigint`.
    public static var sqlType: SQLType { .bigint }
    /// Bound as `bigint[]`.
    public static var sqlArrayType: SQLType { .bigintArray }
    /// The number itself; nil above `Int64.max`.
    public var sqlValue: SQLValue? { Int64(exactly: self).map { .int($0) } }

    /// The numbers themselves; nil when one is above `Int64.max`.
    public static func sqlArray(_ elements: [UInt64]) -> SQLValue? {
        guard elements.allSatisfy({ $0 <= Int64.max }) else { return nil }
        return .intArray(elements.map { Int64($0) })
    }
}

extension UInt128: SQLBindable, SQLArrayElement {
    /// Bound as `numeric`.
    ///
    /// Compare with `numeric` columns only: against a `bigint` column the column is cast and its index unused.
    public static var sqlType: SQLType { .numeric }
    /// Bound as `numeric[]`.
    public static var sqlArrayType: SQLType { .numericArray }
    /// The number itself.
    public var sqlValue: SQLValue? { .numeric(self) }
    /// The numbers themselves.
    public static func sqlArray(_ elements: [UInt128]) -> SQLValue? { .numericArray(elements) }
}

extension Bool: SQLBindable, SQLArrayElement {
    /// Bound as `boolean`.
    public static var sqlType: SQLType { .boolean }
    /// Bound as `boolean[]`.
    public static var sqlArrayType: SQLType { .booleanArray }
    /// The truth value itself.
    public var sqlValue: SQLValue? { .bool(self) }
    /// The truth values themselves.
    public static func sqlArray(_ elements: [Bool]) -> SQLValue? { .boolArray(elements) }
}

extension String: SQLBindable, SQLArrayElement {
    /// Bound as `text`.
    public static var sqlType: SQLType { .text }
    /// Bound as `text[]`.
    public static var sqlArrayType: SQLType { .textArray }
    /// The text itself; a text with U+0000, which PostgreSQL cannot store, is refused when the statement runs.
    public var sqlValue: SQLValue? { .text(self) }
    /// The texts themselves.
    public static func sqlArray(_ elements: [String]) -> SQLValue? { .textArray(elements) }
}

extension UInt8: SQLArrayElement {
    /// Bound as `bytea`: an array of bytes is one string of bytes, not an SQL array.
    public static var sqlArrayType: SQLType { .bytea }
    /// The bytes themselves.
    public static func sqlArray(_ elements: [UInt8]) -> SQLValue? { .bytes(elements) }
}

extension Array: SQLArrayElement where Element == UInt8 {
    /// Bound as `bytea[]`.
    public static var sqlArrayType: SQLType { .byteaArray }
    /// The byte strings themselves.
    public static func sqlArray(_ elements: [[UInt8]]) -> SQLValue? { .bytesArray(elements) }
}

extension Array: SQLBindable where Element: SQLArrayElement {
    /// The element's array type.
    public static var sqlType: SQLType { Element.sqlArrayType }
    /// The array as one value; nil when an element does not fit.
    public var sqlValue: SQLValue? { Element.sqlArray(self) }
}
