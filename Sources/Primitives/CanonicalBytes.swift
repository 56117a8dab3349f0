/// Writes the one byte form of a value that is hashed or signed.
///
/// Integers are big-endian and of fixed size; bytes and text carry a 32-bit length, lists a 32-bit count. The first
/// thing written is the tag that names kind and version, so no two kinds share a byte string.
public struct CanonicalEncoder: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8]

    /// Starts with the kind's tag.
    public init(tag: String) {
        bytes = []
        append(tag)
    }

    /// Starts without a tag, for bytes that travel inside a frame or request that names their kind.
    public init() {
        bytes = []
    }

    /// Writes one byte.
    public mutating func append(_ value: UInt8) { bytes.append(value) }
    /// Writes two bytes.
    public mutating func append(_ value: UInt16) { appendInteger(value.bigEndian) }
    /// Writes four bytes.
    public mutating func append(_ value: UInt32) { appendInteger(value.bigEndian) }
    /// Writes eight bytes.
    public mutating func append(_ value: UInt64) { appendInteger(value.bigEndian) }
    /// Writes sixteen bytes.
    public mutating func append(_ value: Amount) { appendInteger(value.units.bigEndian) }
    /// Writes 32 bytes without length.
    public mutating func append(_ value: Bytes32) { value.append(to: &bytes) }
    /// Writes 20 bytes without length.
    public mutating func append(_ value: Address) { bytes.append(contentsOf: value.bytes) }
    /// Writes 65 bytes without length.
    public mutating func append(_ value: Signature) { bytes.append(contentsOf: value.bytes) }

    /// Writes a 32-bit length and the bytes.
    public mutating func append(_ value: [UInt8]) {
        precondition(value.count <= Int(UInt32.max), "a canonical byte string is below 4 GiB")
        append(UInt32(value.count))
        bytes.append(contentsOf: value)
    }

    /// Writes a 32-bit length and the UTF-8 bytes.
    public mutating func append(_ value: String) { append(Array(value.utf8)) }

    /// Writes a 32-bit count, then each element by `write`.
    public mutating func append<Element>(
        list: some Collection<Element>, _ write: (inout CanonicalEncoder, Element) -> Void
    ) {
        precondition(list.count <= Int(UInt32.max), "a canonical list has fewer than 2^32 elements")
        append(UInt32(list.count))
        for element in list { write(&self, element) }
    }

    private mutating func appendInteger(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value) { bytes.append(contentsOf: $0) }
    }
}

/// Why bytes from outside are not the canonical form of a value.
public enum CanonicalError: Error, Hashable, Sendable {
    /// The bytes end inside a value.
    case truncated
    /// Bytes are left after the value.
    case trailing(count: Int)
    /// The tag names another kind or version.
    case tag(expected: String)
    /// A length or count is above its limit.
    case tooLong(limit: Int, found: Int)
    /// A field holds a value outside its range.
    case outOfRange(field: String)
}

/// Reads canonical bytes strictly: nothing missing, nothing left, every length bounded before it is believed.
public struct CanonicalDecoder {
    private let bytes: [UInt8]
    private var offset: Int

    /// Starts reading and checks the tag.
    public init(_ bytes: [UInt8], tag: String) throws(CanonicalError) {
        self.bytes = bytes
        offset = 0
        let found = try readBytes(limit: 64)
        guard found == Array(tag.utf8) else { throw .tag(expected: tag) }
    }

    /// Starts reading a value that has two forms; tells whether it is the second.
    public static func either(
        _ bytes: [UInt8], tag: String, orTag other: String
    ) throws(CanonicalError) -> (decoder: CanonicalDecoder, isOther: Bool) {
        do {
            return (try CanonicalDecoder(bytes, tag: other), true)
        } catch {
            return (try CanonicalDecoder(bytes, tag: tag), false)
        }
    }

    /// Starts reading bytes that carry no tag.
    public init(untagged bytes: [UInt8]) {
        self.bytes = bytes
        offset = 0
    }

    /// Reads one byte.
    public mutating func readUInt8() throws(CanonicalError) -> UInt8 { try integer() }
    /// Reads two bytes.
    public mutating func readUInt16() throws(CanonicalError) -> UInt16 { try integer() }
    /// Reads four bytes.
    public mutating func readUInt32() throws(CanonicalError) -> UInt32 { try integer() }
    /// Reads eight bytes.
    public mutating func readUInt64() throws(CanonicalError) -> UInt64 { try integer() }
    /// Reads sixteen bytes.
    public mutating func readAmount() throws(CanonicalError) -> Amount { Amount(try integer()) }

    /// Reads 32 bytes.
    public mutating func readBytes32() throws(CanonicalError) -> Bytes32 {
        let place = try advance(by: 32)
        return bytes.withUnsafeBytes { Bytes32(raw: UnsafeRawBufferPointer(rebasing: $0[place..<place + 32])) }
    }

    /// Reads 20 bytes.
    public mutating func readAddress() throws(CanonicalError) -> Address {
        let place = try advance(by: 20)
        return bytes.withUnsafeBytes { Address(raw: UnsafeRawBufferPointer(rebasing: $0[place..<place + 20])) }
    }

    /// Reads 65 bytes and checks that they are a signature.
    public mutating func readSignature(field: String = "signature") throws(CanonicalError) -> Signature {
        let raw = Array(try take(65))
        do {
            return try Signature(raw)
        } catch {
            throw .outOfRange(field: field)
        }
    }

    /// Reads a length of at most `limit` and that many bytes.
    public mutating func readBytes(limit: Int) throws(CanonicalError) -> [UInt8] {
        let count = Int(try readUInt32())
        guard count <= limit else { throw .tooLong(limit: limit, found: count) }
        return Array(try take(count))
    }

    /// Reads a length of at most `limit` and that many bytes of valid UTF-8.
    public mutating func readText(limit: Int, field: String) throws(CanonicalError) -> String {
        let bytes = try readBytes(limit: limit)
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .outOfRange(field: field) }
        return text
    }

    /// Reads a count of at most `limit`, then each element by `read`.
    public mutating func readList<Element>(
        limit: Int, _ read: (inout CanonicalDecoder) throws(CanonicalError) -> Element
    ) throws(CanonicalError) -> [Element] {
        let count = Int(try readUInt32())
        guard count <= limit else { throw .tooLong(limit: limit, found: count) }
        var list: [Element] = []
        list.reserveCapacity(min(count, 1024))
        for _ in 0..<count { list.append(try read(&self)) }
        return list
    }

    /// Ends reading: anything left is an error.
    public func finish() throws(CanonicalError) {
        guard offset == bytes.count else { throw .trailing(count: bytes.count - offset) }
    }

    private mutating func take(_ count: Int) throws(CanonicalError) -> ArraySlice<UInt8> {
        let place = try advance(by: count)
        return bytes[place..<place + count]
    }

    /// Steps over `count` bytes and tells where they begin.
    private mutating func advance(by count: Int) throws(CanonicalError) -> Int {
        guard bytes.count - offset >= count else { throw .truncated }
        defer { offset += count }
        return offset
    }

    private mutating func integer<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>() throws(CanonicalError)
        -> Value
    {
        let place = try advance(by: Value.bitWidth / 8)
        return bytes.withUnsafeBytes { Value(bigEndian: $0.loadUnaligned(fromByteOffset: place, as: Value.self)) }
    }
}
