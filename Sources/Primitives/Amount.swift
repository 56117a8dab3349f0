/// What went wrong in a calculation with money.
public enum AmountError: Error, Hashable, Sendable {
    /// The result is above 2^128 − 1.
    case overflow
    /// The result would be below zero.
    case underflow
    /// A division by zero was asked for.
    case divisionByZero
}

/// A count of the smallest unit of the deployment's currency, 0 … 2^128 − 1.
///
/// Arithmetic is checked: it throws and never traps or wraps. In JSON and files an amount is a base-10 string.
public struct Amount: Hashable, Sendable, Comparable {
    // Two halves and not one UInt128: Swift 6.3.1 on x86-64 loses a 128-bit argument of an async function that no longer
    // fits the registers, and the task resumes at a wrong address.
    private let high: UInt64
    private let low: UInt64

    /// The count of units.
    public var units: UInt128 { UInt128(high) << 64 | UInt128(low) }

    /// No money.
    public static let zero = Amount(0)
    /// The largest amount, 2^128 − 1.
    public static let max = Amount(UInt128.max)

    /// Makes an amount of `units`.
    public init(_ units: UInt128) {
        high = UInt64(truncatingIfNeeded: units >> 64)
        low = UInt64(truncatingIfNeeded: units)
    }

    /// Reads base-10 digits without sign, space or leading zero.
    public init?(decimal text: String) {
        let digits = text.utf8
        guard let first = digits.first, digits.count <= 39, first != 0x30 || digits.count == 1 else { return nil }
        var value: UInt128 = 0
        for digit in digits {
            guard (0x30...0x39).contains(digit) else { return nil }
            let (shifted, tooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, over) = shifted.addingReportingOverflow(UInt128(digit - 0x30))
            guard !tooBig, !over else { return nil }
            value = sum
        }
        self.init(value)
    }

    /// The base-10 digits.
    public var decimal: String { String(units) }

    /// Adds, or throws ``AmountError/overflow``.
    public func adding(_ other: Amount) throws(AmountError) -> Amount {
        let (sum, over) = units.addingReportingOverflow(other.units)
        guard !over else { throw .overflow }
        return Amount(sum)
    }

    /// Subtracts, or throws ``AmountError/underflow``.
    public func subtracting(_ other: Amount) throws(AmountError) -> Amount {
        guard units >= other.units else { throw .underflow }
        return Amount(units - other.units)
    }

    /// Multiplies by a count, or throws ``AmountError/overflow``.
    public func times(_ count: UInt64) throws(AmountError) -> Amount {
        let (product, over) = units.multipliedReportingOverflow(by: UInt128(count))
        guard !over else { throw .overflow }
        return Amount(product)
    }

    /// Divides and drops the remainder; the caller says where the remainder stays.
    public func dividedRoundingDown(by divisor: UInt128) throws(AmountError) -> Amount {
        guard divisor > 0 else { throw .divisionByZero }
        return Amount(units / divisor)
    }

    /// ⌊self × numerator ÷ denominator⌋ with a 256-bit product, so that only the result has to fit.
    public func scaledRoundingDown(
        by numerator: UInt128, over denominator: UInt128
    ) throws(AmountError) -> Amount {
        guard denominator > 0 else { throw .divisionByZero }
        let (high, low) = units.multipliedFullWidth(by: numerator)
        guard high < denominator else { throw .overflow }
        return Amount(denominator.dividingFullWidth((high, low)).quotient)
    }

    /// The sum of `amounts`, or throws ``AmountError/overflow``.
    public static func sum(_ amounts: some Sequence<Amount>) throws(AmountError) -> Amount {
        var total = Amount.zero
        for amount in amounts { total = try total.adding(amount) }
        return total
    }

    /// Orders by units.
    public static func < (a: Amount, b: Amount) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension Amount: CustomStringConvertible {
    /// The base-10 digits.
    public var description: String { decimal }
}

extension Amount: ExpressibleByIntegerLiteral {
    /// Makes an amount of `value` units.
    public init(integerLiteral value: UInt128) {
        self.init(value)
    }
}

extension Amount: Codable {
    /// Reads a base-10 string; JSON numbers are refused because readers round them.
    public init(from decoder: any Decoder) throws {
        let text = try decoder.singleValueContainer().decode(String.self)
        guard let value = Amount(decimal: text) else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "not a base-10 amount below 2^128"))
        }
        self = value
    }

    /// Writes a base-10 string.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(decimal)
    }
}
