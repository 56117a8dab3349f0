public import Primitives

/// `Checkpoint`: a node vouches for what it held and has dropped.
public struct CheckpointStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Checkpoint(bytes32 checkpoint)")
    /// SHA-256 of ``Checkpoint/canonicalBytes``.
    public let checkpoint: Bytes32

    /// Makes the statement.
    public init(checkpoint: Bytes32) {
        self.checkpoint = checkpoint
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [checkpoint] }
}

/// What a node held of the events of a shard that expired on one day, when it dropped them: what keeps the past provable.
///
/// Nodes that held the same make checkpoints that differ in nothing but the node.
public struct Checkpoint: Hashable, Sendable {
    /// The node.
    public let node: UInt32
    /// The shard of their topics.
    public let shard: Shard
    /// The day on which the events expired.
    public let day: UTCDay
    /// How many ids: events, and orders to delete.
    public let count: UInt64
    /// The canonical bytes of the events together, payloads not counted.
    public let bytes: UInt64
    /// The root of the day's tree over the ids.
    public let root: Bytes32

    /// Makes a checkpoint.
    public init(node: UInt32, shard: Shard, day: UTCDay, count: UInt64, bytes: UInt64, root: Bytes32) {
        self.node = node
        self.shard = shard
        self.day = day
        self.count = count
        self.bytes = bytes
        self.root = root
    }

    /// `tagged "feesvc/checkpoint/2": u32 node, u16 shard, u32 day, u64 count, u64 bytes, b32 root`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/checkpoint/2")
        encoder.append(node)
        encoder.append(shard.number)
        encoder.append(day.number)
        encoder.append(count)
        encoder.append(bytes)
        encoder.append(root)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/checkpoint/2")
        node = try decoder.readUInt32()
        shard = Shard(number: try decoder.readUInt16())
        day = UTCDay(number: try decoder.readUInt32())
        count = try decoder.readUInt64()
        bytes = try decoder.readUInt64()
        root = try decoder.readBytes32()
        try decoder.finish()
    }

    /// What the node signs.
    public var statement: CheckpointStatement { CheckpointStatement(checkpoint: SHA256.hash(canonicalBytes)) }
}
