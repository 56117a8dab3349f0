/// The C strings of one libpq call, laid end to end in one allocation.
///
/// libpq takes an array of pointers to NUL-terminated text, so a NUL inside a value would silently cut it short; appending
/// one fails instead.
struct ParameterBuffer {
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []

    var count: Int { offsets.count }

    /// Appends a NULL parameter, or the end mark of a keyword list.
    mutating func appendNull() {
        offsets.append(nil)
    }

    /// Appends text as it is; false when it holds U+0000.
    mutating func append(_ text: String) -> Bool {
        append { TextEncoding.append(text, to: &$0) }
    }

    /// Appends a value in PostgreSQL's text format; false when it holds a text with U+0000.
    mutating func append(_ value: SQLValue) -> Bool {
        if case .null = value {
            appendNull()
            return true
        }
        return append { TextEncoding.append(value, to: &$0) }
    }

    private mutating func append(_ encode: (inout [UInt8]) -> Bool) -> Bool {
        offsets.append(bytes.count)
        let isEncoded = encode(&bytes)
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
}
