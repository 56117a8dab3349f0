/// Writes values in PostgreSQL's text format, by bytes: a batch insert binds arrays of 10⁴ elements.
enum TextEncoding {
    /// Appends a value's text; false when it holds a text with U+0000.
    static func append(_ value: SQLValue, to bytes: inout [UInt8]) -> Bool {
        switch value {
        case .null: preconditionFailure("NULL has no text form; it is bound as a null pointer")
        case .int(let number): append(number, to: &bytes)
        case .text(let text): return append(text, to: &bytes)
        case .bytes(let data): append(hexOf: data, backslashes: 1, to: &bytes)
        case .bool(let flag): bytes.append(flag ? UInt8(ascii: "t") : UInt8(ascii: "f"))
        case .numeric(let number): append(number, to: &bytes)
        case .intArray(let numbers): appendArray(numbers, to: &bytes) { append($0, to: &$1) }
        case .numericArray(let numbers): appendArray(numbers, to: &bytes) { append($0, to: &$1) }
        case .boolArray(let flags):
            appendArray(flags, to: &bytes) { $1.append($0 ? UInt8(ascii: "t") : UInt8(ascii: "f")) }
        case .bytesArray(let strings):
            bytes.reserveCapacity(bytes.count + strings.reduce(2) { $0 + 2 * $1.count + 6 })
            appendArray(strings, to: &bytes) { data, bytes in
                bytes.append(UInt8(ascii: "\""))
                append(hexOf: data, backslashes: 2, to: &bytes)
                bytes.append(UInt8(ascii: "\""))
            }
        case .textArray(let texts):
            var isEncoded = true
            appendArray(texts, to: &bytes) { text, bytes in
                isEncoded = appendQuoted(text, to: &bytes) && isEncoded
            }
            return isEncoded
        }
        return true
    }

    /// Appends text as it is; false when it holds U+0000.
    static func append(_ text: String, to bytes: inout [UInt8]) -> Bool {
        let start = bytes.count
        bytes.append(contentsOf: text.utf8)
        return !bytes[start...].contains(0)
    }

    /// Appends an element of an array literal.
    ///
    /// Always quoted, so that the empty text, `NULL` and spaces need no rule.
    private static func appendQuoted(_ text: String, to bytes: inout [UInt8]) -> Bool {
        var isEncoded = true
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
            if byte == 0 { isEncoded = false }
            bytes.append(byte)
        }
        bytes.append(UInt8(ascii: "\""))
        return isEncoded
    }

    private static func appendArray<Element>(
        _ elements: [Element],
        to bytes: inout [UInt8],
        _ append: (Element, inout [UInt8]) -> Void
    ) {
        bytes.append(UInt8(ascii: "{"))
        var isFirst = true
        for element in elements {
            if !isFirst { bytes.append(UInt8(ascii: ",")) }
            isFirst = false
            append(element, &bytes)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    /// Appends `\x…` and the digits.
    ///
    /// Inside an array literal the backslash is itself escaped.
    private static func append(hexOf data: [UInt8], backslashes: Int, to bytes: inout [UInt8]) {
        for _ in 0..<backslashes { bytes.append(UInt8(ascii: "\\")) }
        bytes.append(UInt8(ascii: "x"))
        for byte in data {
            bytes.append(hexDigit(byte >> 4))
            bytes.append(hexDigit(byte & 15))
        }
    }

    private static func hexDigit(_ nibble: UInt8) -> UInt8 {
        nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") - 10 + nibble
    }

    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        append(number.magnitude, paddedTo: 1, to: &bytes)
    }

    private static func append(_ number: UInt128, to bytes: inout [UInt8]) {
        // 10¹⁹ is the largest power of ten in 64 bits: at most two 128-bit divisions a number.
        let chunk: UInt128 = 10_000_000_000_000_000_000
        let (high, low) = number.quotientAndRemainder(dividingBy: chunk)
        if high == 0 { return append(UInt64(low), paddedTo: 1, to: &bytes) }
        append(high, to: &bytes)
        append(UInt64(low), paddedTo: 19, to: &bytes)
    }

    private static func append(_ number: UInt64, paddedTo digits: Int, to bytes: inout [UInt8]) {
        let start = bytes.count
        var rest = number
        while rest > 0 || bytes.count - start < digits {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }
}
