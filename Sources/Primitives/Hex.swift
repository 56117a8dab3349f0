/// Lower-case hexadecimal text, with `0x` in front where a person or JSON sees it.
public enum Hex {
    private static let digits = Array("0123456789abcdef".utf8)

    /// Returns the lower-case digits of `bytes`, without prefix.
    public static func encode(_ bytes: some Collection<UInt8>) -> String {
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads `0x` and an even number of lower-case digits; anything else is `nil`.
    ///
    /// Upper case is refused so that one value has one text: ids are compared as text in files and URLs.
    public static func decode(_ text: String) -> [UInt8]? {
        var utf8 = Array(text.utf8)[...]
        guard utf8.starts(with: [0x30, 0x78]) else { return nil }
        utf8 = utf8.dropFirst(2)
        guard utf8.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(utf8.count / 2)
        var high: UInt8?
        for character in utf8 {
            guard let value = value(of: character) else { return nil }
            if let first = high {
                bytes.append(first << 4 | value)
                high = nil
            } else {
                high = value
            }
        }
        return bytes
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x61...0x66: character - 0x61 + 10
        default: nil
        }
    }
}
