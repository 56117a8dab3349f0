import Primitives

/// Text under construction as UTF-8. An epoch has millions of rows: no text is made for a number or a hash on its own.
extension [UInt8] {
    mutating func append(text: String) { append(contentsOf: text.utf8) }

    /// Base-10 digits.
    mutating func append(decimal value: UInt64) {
        withUnsafeTemporaryAllocation(byteCount: 20, alignment: 1) { digits in
            var rest = value
            var place = 20
            repeat {
                let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
                place -= 1
                digits[place] = 0x30 + UInt8(digit)
                rest = quotient
            } while rest > 0
            append(contentsOf: UnsafeRawBufferPointer(rebasing: digits[place...]))
        }
    }

    /// Base-10 digits of the smallest unit.
    mutating func append(decimal amount: Amount) {
        // Most amounts fit 64 bits, and 128-bit division is many times slower.
        if let small = UInt64(exactly: amount.units) {
            append(decimal: small)
        } else {
            append(text: amount.decimal)
        }
    }

    /// `0x` and lower-case digits.
    mutating func append(hex bytes: [UInt8]) {
        append(0x30)
        append(0x78)
        let start = count
        append(contentsOf: repeatElement(0, count: 2 * bytes.count))
        withUnsafeMutableBytes { out in
            var place = start
            for byte in bytes {
                out[place] = Self.digit(byte >> 4)
                out[place + 1] = Self.digit(byte & 15)
                place += 2
            }
        }
    }

    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 + value : 0x57 + value }
}
