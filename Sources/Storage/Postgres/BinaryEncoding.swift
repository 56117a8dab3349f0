/// Writes values in PostgreSQL's binary format, as the types' receive functions read it (`array_recv`, `numeric_recv`, …).
///
/// A batch binds arrays of 10³ elements; text would cost the server a parse, and a byte string twice its size.
enum BinaryEncoding {
    /// Appends a value's bytes; false when it holds a text with U+0000.
    static func append(_ value: SQLValue, to bytes: inout [UInt8]) -> Bool {
        switch value {
        case .null: preconditionFailure("NULL has no binary form; it is bound as a null pointer")
        case .int(let number): append(number, to: &bytes)
        case .text(let text): return append(text, to: &bytes)
        case .bytes(let data): bytes += data
        case .bool(let flag): bytes.append(flag ? 1 : 0)
        case .numeric(let number): append(number, to: &bytes)
        case .intArray(let numbers):
            appendArray(numbers, of: ColumnType.int8, elementBytes: 8, to: &bytes) { append($0, to: &$1) }
        case .numericArray(let numbers):
            appendArray(numbers, of: ColumnType.numeric, elementBytes: 28, to: &bytes) { append($0, to: &$1) }
        case .boolArray(let flags):
            appendArray(flags, of: ColumnType.bool, elementBytes: 1, to: &bytes) { $1.append($0 ? 1 : 0) }
        case .bytesArray(let strings):
            let width = strings.first?.count ?? 0
            appendArray(strings, of: ColumnType.bytea, elementBytes: width, to: &bytes) { $1 += $0 }
        case .textArray(let texts):
            var isEncoded = true
            appendArray(texts, of: ColumnType.text, elementBytes: 16, to: &bytes) { text, bytes in
                isEncoded = append(text, to: &bytes) && isEncoded
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

    /// One dimension from index 1, no NULLs; an empty array has no dimension.
    private static func appendArray<Element>(
        _ elements: [Element], of type: UInt32, elementBytes: Int, to bytes: inout [UInt8],
        _ append: (Element, inout [UInt8]) -> Void
    ) {
        bytes.reserveCapacity(bytes.count + 20 + elements.count * (4 + elementBytes))
        appendBigEndian(UInt32(elements.isEmpty ? 0 : 1), to: &bytes)
        appendBigEndian(UInt32(0), to: &bytes)
        appendBigEndian(type, to: &bytes)
        guard !elements.isEmpty else { return }
        appendBigEndian(UInt32(elements.count), to: &bytes)
        appendBigEndian(UInt32(1), to: &bytes)
        for element in elements {
            let start = bytes.count
            appendBigEndian(UInt32(0), to: &bytes)
            append(element, &bytes)
            let length = UInt32(bytes.count - start - 4)
            withUnsafeBytes(of: length.bigEndian) { raw in
                for place in 0..<4 { bytes[start + place] = raw[place] }
            }
        }
    }

    private static func append(_ number: Int64, to bytes: inout [UInt8]) {
        appendBigEndian(UInt64(bitPattern: number), to: &bytes)
    }

    /// Digits to the base of 10,000, the highest first, without zeros at the end; `weight` is the place of the first.
    private static func append(_ number: UInt128, to bytes: inout [UInt8]) {
        withUnsafeTemporaryAllocation(of: UInt16.self, capacity: 12) { groups in
            var count = 0
            var rest = number
            while rest > 0 {
                // 10¹⁶ is the largest power of 10,000 in 64 bits: at most three 128-bit divisions a number.
                let (quotient, low) = rest.quotientAndRemainder(dividingBy: 10_000_000_000_000_000)
                var part = UInt64(low)
                for _ in 0..<4 where quotient > 0 || part > 0 {
                    groups[count] = UInt16(part % 10_000)
                    part /= 10_000
                    count += 1
                }
                rest = quotient
            }
            var zeros = 0
            while zeros < count, groups[zeros] == 0 { zeros += 1 }
            appendBigEndian(UInt16(count - zeros), to: &bytes)
            appendBigEndian(UInt16(bitPattern: Int16(max(count, 1) - 1)), to: &bytes)
            appendBigEndian(UInt16(0), to: &bytes)
            appendBigEndian(UInt16(0), to: &bytes)
            for place in stride(from: count - 1, through: zeros, by: -1) { appendBigEndian(groups[place], to: &bytes) }
        }
    }

    private static func appendBigEndian(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
    }
}
