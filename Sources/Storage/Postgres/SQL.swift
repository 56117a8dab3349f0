/// An SQL statement with its bound values.
///
/// Interpolated values become parameters: `"SELECT * FROM t WHERE id = \(id)"` is sent as `… WHERE id = $1` with `id`
/// beside it, so a value is never parsed as SQL. Raw text needs the spelling `\(unescaped:)`.
///
/// A value that does not fit its SQL type (a `UInt64` above `Int64.max`) is remembered, and running the statement throws
/// ``PostgresError/invalidParameter(position:reason:)`` before anything is sent.
public struct SQL: ExpressibleByStringInterpolation, Sendable {
    /// The statement with `$1`, `$2`, … in place of the values.
    public let text: String

    /// The bound values, `$1` first.
    public let values: [SQLValue]

    /// The declared type of each value; 0 leaves a bare NULL's type to the server.
    let types: [UInt32]

    /// Why the statement cannot be run, if it cannot.
    let fault: PostgresError?

    /// Makes a statement without parameters.
    public init(stringLiteral text: String) {
        self.text = text
        values = []
        types = []
        fault = nil
    }

    /// Makes a statement from a literal with interpolated values.
    public init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
        values = stringInterpolation.values
        types = stringInterpolation.types
        fault = stringInterpolation.fault
    }

    /// Gathers the text and the values of one literal.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        var text = ""
        var values: [SQLValue] = []
        var types: [UInt32] = []
        var fault: PostgresError?

        /// Reserves room for the literal.
        public init(literalCapacity: Int, interpolationCount: Int) {
            // Each interpolation grows to "$n"; four bytes hold three digits of n.
            text.reserveCapacity(literalCapacity + 4 * interpolationCount)
            values.reserveCapacity(interpolationCount)
            types.reserveCapacity(interpolationCount)
        }

        /// Adds SQL text from the source code.
        public mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        /// Adds text as SQL, unquoted and unchecked: for identifiers that the program itself chose, never for input.
        public mutating func appendInterpolation(unescaped sql: String) {
            text += sql
        }

        /// Adds a value as the next parameter.
        public mutating func appendInterpolation<Value: SQLBindable>(_ value: Value) {
            guard let bound = value.sqlValue else {
                fault =
                    fault
                    ?? .invalidParameter(position: values.count + 1, reason: "the value does not fit its SQL type")
                return bind(.null, type: Value.sqlType.oid)
            }
            bind(bound, type: (bound.type ?? Value.sqlType).oid)
        }

        /// Adds a value as the next parameter, or NULL of its type when it is absent.
        public mutating func appendInterpolation<Value: SQLBindable>(_ value: Value?) {
            // Not a conformance of Optional: for that the compiler warns of an optional shown as a debug description.
            if let value { appendInterpolation(value) } else { bind(.null, type: Value.sqlType.oid) }
        }

        /// Adds a value as the next parameter; a bare NULL takes its type from where it stands in the statement.
        public mutating func appendInterpolation(_ value: SQLValue) {
            bind(value, type: value.type?.oid ?? 0)
        }

        private mutating func bind(_ value: SQLValue, type: UInt32) {
            values.append(value)
            types.append(type)
            text += "$\(values.count)"
        }
    }
}

extension SQL: CustomStringConvertible, CustomReflectable {
    /// The statement's text; the values are never shown.
    public var description: String { text }

    /// Only the text, so that `dump` does not show the values either.
    public var customMirror: Mirror { Mirror(self, children: ["text": text]) }
}
