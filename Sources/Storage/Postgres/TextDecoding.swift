/// Reads PostgreSQL's text format from the bytes libpq holds.
///
/// Every function is strict and answers nil on anything else.
enum TextDecoding {
    /// A decimal integer with an optional minus sign.
    static func int(_ text: UnsafeRawBufferPointer) -> Int64? {
        let isNegative = text.first == UInt8(ascii: "-")
        let digits = isNegative ? UnsafeRawBufferPointer(rebasing: text.dropFirst()) : text
        guard let magnitude = numeric(digits) else { return nil }
        if isNegative { return magnitude == Int64.min.magnitude ? Int64.min : Int64(exactly: magnitude).map { -$0 } }
        return Int64(exactly: magnitude)
    }

    /// A whole number from 0 to 2¹²⁸−1: digits only, so no sign, point, exponent or NaN.
    static func numeric(_ text: UnsafeRawBufferPointer) -> UInt128? {
        guard !text.isEmpty else { return nil }
        var value: UInt128 = 0
        var position = 0
        while position < text.count {
            // 19 digits fit 64 bits, so 128-bit arithmetic is done at most three times.
            let end = min(position + 19, text.count)
            var chunk: UInt64 = 0
            var scale: UInt64 = 1
            while position < end {
                let digit = text[position] &- UInt8(ascii: "0")
                guard digit <= 9 else { return nil }
                chunk = chunk * 10 + UInt64(digit)
                scale *= 10
                position += 1
            }
            let (product, didOverflow) = value.multipliedReportingOverflow(by: UInt128(scale))
            let (sum, didCarry) = product.addingReportingOverflow(UInt128(chunk))
            guard !didOverflow, !didCarry else { return nil }
            value = sum
        }
        return value
    }

    /// `t` or `f`.
    static func bool(_ text: UnsafeRawBufferPointer) -> Bool? {
        guard text.count == 1 else { return nil }
        switch text[0] {
        case UInt8(ascii: "t"): return true
        case UInt8(ascii: "f"): return false
        default: return nil
        }
    }

    /// UTF-8; the session's client encoding, but a server database in SQL_ASCII may hold anything.
    static func text(_ text: UnsafeRawBufferPointer) -> String? {
        String(validating: text, as: UTF8.self)
    }

    /// `\x` and pairs of hexadecimal digits (the session sets `bytea_output`).
    static func bytes(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        guard text.count >= 2, text.count.isMultiple(of: 2), text[0] == UInt8(ascii: "\\"), text[1] == UInt8(ascii: "x")
        else { return nil }
        let count = text.count / 2 - 1
        guard count > 0 else { return [] }
        var isValid = true
        let decoded = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            for index in 0..<count {
                let high = nibble(text[2 + 2 * index])
                let low = nibble(text[3 + 2 * index])
                isValid = isValid && high < 16 && low < 16
                buffer.initializeElement(at: index, to: high << 4 | low & 15)
            }
            initialized = count
        }
        return isValid ? decoded : nil
    }

    /// The digit's value; 255 for anything but a hexadecimal digit.
    private static func nibble(_ digit: UInt8) -> UInt8 {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: 255
        }
    }
}
