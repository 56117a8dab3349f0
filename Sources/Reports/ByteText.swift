import Primitives

/// Text under construction, as UTF-8. Nothing in it depends on a locale.
struct ByteText {
    private(set) var bytes: [UInt8] = []

    /// Empties the text and keeps its memory.
    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    mutating func append(byte: UInt8) {
        bytes.append(byte)
    }

    /// Base-10 digits.
    mutating func append(_ value: UInt64) {
        append(String(value))
    }

    /// A count of the smallest unit, base-10 digits.
    mutating func append(units: UInt128) {
        // Most amounts fit 64 bits, and 128-bit division is many times slower.
        if let small = UInt64(exactly: units) {
            append(small)
        } else {
            append(String(units))
        }
    }

    /// Units of the currency with all `scale` decimals: 1 at scale 12 is `0.000000000001`.
    ///
    /// The decimals are never cut: the journals' tools take an amount's precision from how it is written.
    mutating func append(units: UInt128, scale: UInt8, isNegative: Bool) {
        if isNegative, units > 0 { append(byte: Self.minus) }
        let start = bytes.count
        append(units: units)
        let decimals = Int(scale)
        guard decimals > 0 else { return }
        let missing = decimals + 1 - (bytes.count - start)
        if missing > 0 {
            bytes.insert(contentsOf: repeatElement(Self.zero, count: missing), at: start)
        }
        bytes.insert(Self.point, at: bytes.count - decimals)
    }

    private static let minus: UInt8 = 0x2d
    private static let point: UInt8 = 0x2e
    private static let zero: UInt8 = 0x30
}
