extension TextDecoding {
    /// A one-dimensional array without NULLs, such as `{1,2}` or `{"a b",c}`.
    ///
    /// Answers nil when an element is refused or the text is anything else (more dimensions, bounds other than 1).
    static func array<Element>(
        _ text: UnsafeRawBufferPointer,
        _ decode: (UnsafeRawBufferPointer) -> Element?
    ) -> [Element]? {
        guard text.count >= 2, text[0] == UInt8(ascii: "{"), text[text.count - 1] == UInt8(ascii: "}") else {
            return nil
        }
        let body = UnsafeRawBufferPointer(rebasing: text[1..<(text.count - 1)])
        var elements: [Element] = []
        if body.isEmpty { return elements }
        var unescaped: [UInt8] = []
        var position = 0
        while true {
            let isQuoted = position < body.count && body[position] == UInt8(ascii: "\"")
            let element: Element?
            if isQuoted {
                guard let end = unescape(body, from: position + 1, into: &unescaped) else { return nil }
                position = end
                element = unescaped.withUnsafeBytes(decode)
            } else {
                let end = body[position...].firstIndex(of: UInt8(ascii: ",")) ?? body.count
                element = bare(UnsafeRawBufferPointer(rebasing: body[position..<end])).flatMap(decode)
                position = end
            }
            guard let element else { return nil }
            elements.append(element)
            if position == body.count { return elements }
            guard body[position] == UInt8(ascii: ",") else { return nil }
            position += 1
        }
    }

    /// Copies a quoted element without its escapes; returns the position after its closing quote, nil when it has none.
    private static func unescape(_ body: UnsafeRawBufferPointer, from start: Int, into bytes: inout [UInt8]) -> Int? {
        bytes.removeAll(keepingCapacity: true)
        var position = start
        while position < body.count {
            switch body[position] {
            case UInt8(ascii: "\""):
                return position + 1
            case UInt8(ascii: "\\"):
                position += 1
                guard position < body.count else { return nil }
                bytes.append(body[position])
            default:
                bytes.append(body[position])
            }
            position += 1
        }
        return nil
    }

    /// An unquoted element: not empty, not NULL (the text "NULL" would be quoted), no nested array.
    private static func bare(_ element: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard let first = element.first, first != UInt8(ascii: "{") else { return nil }
        return element.elementsEqual("NULL".utf8) ? nil : element
    }
}
