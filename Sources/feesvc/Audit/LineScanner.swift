import Primitives

#if canImport(Glibc)
import Glibc
#endif

/// Reads the fields of a line of CSV that holds numbers and hex alone, each in its one form. Bytes are looked at where they
/// are: an epoch has millions of lines.
struct LineScanner {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// Starts at the beginning of a line without its line feed.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Base-10 digits below 2^64, without sign and leading zero.
    mutating func unsigned() -> UInt64? {
        let start = offset
        var value: UInt64 = 0
        while offset < bytes.count, case let digit = bytes[offset] &- 0x30, digit < 10 {
            let (shifted, isTooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = shifted.addingReportingOverflow(UInt64(digit))
            guard !isTooBig, !isBeyond else { return nil }
            value = sum
            offset += 1
        }
        return isOneForm(from: start) ? value : nil
    }

    /// Base-10 digits below 2^128, without sign and leading zero.
    mutating func amount() -> Amount? {
        let start = offset
        var value: UInt128 = 0
        while offset < bytes.count, case let digit = bytes[offset] &- 0x30, digit < 10 {
            let (shifted, isTooBig) = value.multipliedReportingOverflow(by: 10)
            let (sum, isBeyond) = shifted.addingReportingOverflow(UInt128(digit))
            guard !isTooBig, !isBeyond else { return nil }
            value = sum
            offset += 1
        }
        return isOneForm(from: start) ? Amount(value) : nil
    }

    private func isOneForm(from start: Int) -> Bool {
        offset > start && (bytes[start] != 0x30 || offset == start + 1)
    }

    /// `0x` and an even number of lower-case digits.
    mutating func hex() -> [UInt8]? {
        guard bytes.count - offset >= 2, bytes[offset] == 0x30, bytes[offset + 1] == 0x78 else { return nil }
        let start = offset + 2
        let end = endOfField(from: start)
        guard (end - start).isMultiple(of: 2) else { return nil }
        offset = end
        // Gathered over all digits: a digit that is none sets bits above the fourth.
        var bits: UInt8 = 0
        let decoded = [UInt8](unsafeUninitializedCapacity: (end - start) / 2) { out, count in
            for place in 0..<(end - start) / 2 {
                let high = Self.value(of: bytes[start + 2 * place])
                let low = Self.value(of: bytes[start + 2 * place + 1])
                bits |= high | low
                out.initializeElement(at: place, to: high << 4 | low & 15)
            }
            count = (end - start) / 2
        }
        return bits < 16 ? decoded : nil
    }

    /// Where the next comma stands, or the carriage return at the line's end.
    private func endOfField(from start: Int) -> Int {
        guard start < bytes.count, let base = bytes.baseAddress else { return start }
        if let comma = memchr(base + start, 0x2c, bytes.count - start) { return UnsafeRawPointer(comma) - base }
        return bytes[bytes.count - 1] == 0x0d ? bytes.count - 1 : bytes.count
    }

    /// 255 for what is no lower-case hexadecimal digit.
    private static func value(of digit: UInt8) -> UInt8 {
        switch digit {
        case 0x30...0x39: digit - 0x30
        case 0x61...0x66: digit - 0x57
        default: 255
        }
    }

    /// Steps over a comma.
    mutating func comma() -> Bool {
        guard offset < bytes.count, bytes[offset] == 0x2c else { return false }
        offset += 1
        return true
    }

    /// A field that may be empty: `.some(nil)` where it is, `nil` where it is neither empty nor what `read` takes.
    mutating func optional<Value>(_ read: (inout LineScanner) -> Value?) -> Value?? {
        if offset < bytes.count, bytes[offset] == 0x2c || bytes[offset] == 0x0d { return .some(nil) }
        guard let value = read(&self) else { return nil }
        return .some(value)
    }

    /// Whether nothing is left but the carriage return in front of the line feed.
    var isAtEnd: Bool { offset == bytes.count - 1 && bytes[offset] == 0x0d }
}
