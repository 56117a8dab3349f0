/// The parameters of one libpq call, laid end to end in one allocation.
struct ParameterBuffer {
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    private var lengths: [CInt] = []

    var count: Int { offsets.count }

    /// Appends a NULL parameter, or the end mark of a keyword list.
    mutating func appendNull() {
        offsets.append(nil)
        lengths.append(0)
    }

    /// Appends text as it is, with a NUL behind it; false when it holds U+0000, which would silently cut it short.
    mutating func append(_ text: String) -> Bool {
        append { BinaryEncoding.append(text, to: &$0) }
    }

    /// Appends a value in PostgreSQL's binary format; false when it holds a text with U+0000.
    mutating func append(_ value: SQLValue) -> Bool {
        if case .null = value {
            appendNull()
            return true
        }
        return append { BinaryEncoding.append(value, to: &$0) }
    }

    private mutating func append(_ encode: (inout [UInt8]) -> Bool) -> Bool {
        let start = bytes.count
        offsets.append(start)
        let isEncoded = encode(&bytes)
        lengths.append(CInt(bytes.count - start))
        bytes.append(0)
        return isEncoded
    }

    /// Calls the body with pointers that live as long as the call.
    func withPointers<R>(_ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R {
        bytes.withUnsafeBytes { raw in
            let start = raw.bindMemory(to: CChar.self).baseAddress
            let pointers = offsets.map { offset in offset.flatMap { start?.advanced(by: $0) } }
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }

    /// Calls the body with what libpq wants of binary parameters: pointers, lengths, formats.
    func withBinary<R>(
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<CInt>?, UnsafePointer<CInt>?) -> R
    ) -> R {
        let formats = [CInt](repeating: 1, count: count)
        return withPointers { pointers in
            lengths.withUnsafeBufferPointer { lengths in
                formats.withUnsafeBufferPointer { body(pointers, lengths.baseAddress, $0.baseAddress) }
            }
        }
    }
}
