public import Primitives

/// `MemberList`: a topic's owner says who may publish in it, and for how long.
public struct MemberListStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("MemberList(bytes32 list)")
    /// SHA-256 of the list's canonical bytes.
    public let list: Bytes32

    /// Makes the statement.
    public init(list: Bytes32) {
        self.list = list
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [list] }
}

/// Who may publish in a closed topic during a time, named by the root of a tree of members.
///
/// A list counts for charges that were logged in its time and for no others, whichever lists anybody has seen: so it can't be
/// taken back, only left to end.
public struct MemberList: Hashable, Sendable {
    /// The longest time in seconds that a list may count for: 366 days.
    public static let secondsMax: UInt64 = 31_622_400
    /// The largest list in canonical bytes.
    static let bytesMax = 256

    /// The closed topic's id.
    public let topic: Bytes32
    /// Which of the owner's lists it is, for people and programs that keep the newest; admission never looks at it.
    public let version: UInt64
    /// The first second of the log's time at which it counts.
    public let from: UInt64
    /// The first second at which it no longer does, at most ``secondsMax`` after `from`.
    public let until: UInt64
    /// The root of the tree of members.
    public let root: Bytes32

    /// Makes a list; refuses a time that is empty or too long.
    public init(
        topic: Bytes32, version: UInt64, from: UInt64, until: UInt64, root: Bytes32
    ) throws(CanonicalError) {
        guard from < until, until - from <= Self.secondsMax else { throw .outOfRange(field: "until") }
        self.topic = topic
        self.version = version
        self.from = from
        self.until = until
        self.root = root
    }

    /// `tagged "feesvc/member-list/1": b32 topic, u64 version, u64 from, u64 until, b32 root`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/member-list/1")
        encoder.append(topic)
        encoder.append(version)
        encoder.append(from)
        encoder.append(until)
        encoder.append(root)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/member-list/1")
        let (topic, version) = (try decoder.readBytes32(), try decoder.readUInt64())
        let (from, until) = (try decoder.readUInt64(), try decoder.readUInt64())
        let root = try decoder.readBytes32()
        try decoder.finish()
        try self.init(topic: topic, version: version, from: from, until: until, root: root)
    }

    /// What the owner signs.
    public var statement: MemberListStatement { MemberListStatement(list: SHA256.hash(canonicalBytes)) }
}
