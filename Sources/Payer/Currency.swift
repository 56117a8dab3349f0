public import Channels
public import Primitives

/// A currency as people read and write it: `0.01 USD` beside a count of its smallest unit.
public struct Currency: Hashable, Sendable {
    /// Its code.
    public let code: String
    /// Decimals of the smallest unit.
    public let scale: UInt8

    /// Makes a currency.
    public init(code: String, scale: UInt8) {
        self.code = code
        self.scale = scale
    }

    /// The currency of a log.
    public init(_ genesis: Genesis) {
        self.init(code: genesis.currency, scale: genesis.ledgerScale)
    }

    /// An amount with all its decimals but trailing zeros: `0.00003985168 USD`.
    public func text(_ amount: Amount) -> String {
        let digits = amount.decimal
        let padded = String(repeating: "0", count: max(0, Int(scale) + 1 - digits.count)) + digits
        let whole = padded.dropLast(Int(scale))
        var fraction = padded.suffix(Int(scale))
        while fraction.last == "0" { fraction.removeLast() }
        return fraction.isEmpty ? "\(whole) \(code)" : "\(whole).\(fraction) \(code)"
    }

    /// Reads `39851680` as units, and `0.01USD` or `0.01 usd` as an amount of the currency; exact, or `nil`.
    public func amount(_ text: String) -> Amount? {
        if let units = Amount(decimal: text) { return units }
        guard text.lowercased().hasSuffix(code.lowercased()) else { return nil }
        var number = text.dropLast(code.count)
        if number.last == " " { number.removeLast() }
        let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let fraction = parts.count == 2 ? parts[1] : ""
        let isIncomplete = parts[0].isEmpty || (parts.count == 2 && fraction.isEmpty)
        guard !isIncomplete, fraction.count <= Int(scale) else { return nil }
        let digits = parts[0] + fraction + String(repeating: "0", count: Int(scale) - fraction.count)
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        let significant = digits.drop { $0 == "0" }
        return Amount(decimal: significant.isEmpty ? "0" : String(significant))
    }
}
