import Primitives

/// Why bytes from a peer are not a frame of the protocol.
enum FrameError: Error, Hashable, Sendable {
    /// A frame's length is outside its limits.
    case length(limit: Int, found: Int)
    /// The body ends inside a value.
    case truncated
    /// Bytes are left after the body.
    case trailing(count: Int)
    /// A length or count inside the body is above its limit.
    case tooLong(limit: Int, found: Int)
    /// No question or answer has this type.
    case type(UInt8)
    /// A field holds a value outside its range.
    case field(String)
}

/// Reads the untagged bytes of a frame's body; every length is checked before anything is allocated for it.
struct WireReader {
    private let source: [UInt8]
    private var offset = 0

    init(_ source: [UInt8]) {
        self.source = source
    }

    mutating func uint8() throws(FrameError) -> UInt8 { try integer() }
    mutating func uint16() throws(FrameError) -> UInt16 { try integer() }
    mutating func uint32() throws(FrameError) -> UInt32 { try integer() }
    mutating func uint64() throws(FrameError) -> UInt64 { try integer() }

    mutating func bytes32() throws(FrameError) -> Bytes32 {
        guard let value = Bytes32(try take(32)) else { throw .truncated }
        return value
    }

    mutating func signature() throws(FrameError) -> Signature {
        guard let value = try? Signature(Array(try take(65))) else { throw .field("signature") }
        return value
    }

    /// Exactly `count` bytes.
    mutating func raw(_ count: Int) throws(FrameError) -> [UInt8] { Array(try take(count)) }

    /// A length of at most `limit` and that many bytes.
    mutating func bytes(limit: Int) throws(FrameError) -> [UInt8] {
        let count = Int(try uint32())
        guard count <= limit else { throw .tooLong(limit: limit, found: count) }
        return Array(try take(count))
    }

    /// A count of at most `limit`, then the elements, each at least `elementBytes` long.
    mutating func list<Element>(
        limit: Int,
        elementBytes: Int,
        _ read: (inout WireReader) throws(FrameError) -> Element
    ) throws(FrameError) -> [Element] {
        let count = Int(try uint32())
        guard count <= limit else { throw .tooLong(limit: limit, found: count) }
        guard count * elementBytes <= source.count - offset else { throw .truncated }
        var list: [Element] = []
        list.reserveCapacity(count)
        for _ in 0..<count { list.append(try read(&self)) }
        return list
    }

    /// Ends reading: anything left is an error.
    func finish() throws(FrameError) {
        guard offset == source.count else { throw .trailing(count: source.count - offset) }
    }

    private mutating func take(_ count: Int) throws(FrameError) -> ArraySlice<UInt8> {
        guard source.count - offset >= count else { throw .truncated }
        defer { offset += count }
        return source[offset..<offset + count]
    }

    private mutating func integer<Value: FixedWidthInteger & UnsignedInteger>() throws(FrameError) -> Value {
        let count = Value.bitWidth / 8
        guard source.count - offset >= count else { throw .truncated }
        var value: Value = 0
        for place in offset..<offset + count { value = value << 8 | Value(truncatingIfNeeded: source[place]) }
        offset += count
        return value
    }
}

/// Writes the untagged bytes of a frame's body.
struct WireWriter {
    private(set) var bytes: [UInt8] = []

    mutating func append(_ value: UInt8) { bytes.append(value) }
    mutating func append(_ value: UInt16) { integer(value.bigEndian) }
    mutating func append(_ value: UInt32) { integer(value.bigEndian) }
    mutating func append(_ value: UInt64) { integer(value.bigEndian) }
    mutating func append(_ value: Bytes32) { bytes.append(contentsOf: value.bytes) }
    mutating func append(_ value: Signature) { bytes.append(contentsOf: value.bytes) }

    /// Bytes without length.
    mutating func append(raw value: [UInt8]) { bytes.append(contentsOf: value) }

    /// A length and the bytes.
    mutating func append(_ value: [UInt8]) {
        append(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    /// A count, then the elements.
    mutating func append<Element>(list: some Collection<Element>, _ write: (inout WireWriter, Element) -> Void) {
        append(UInt32(list.count))
        for element in list { write(&self, element) }
    }

    private mutating func integer(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }
}
