public import Primitives

/// A topic's id: a commitment to its owner's address.
public struct Topic: Hashable, Sendable {
    /// Who may welcome a stranger; it may be a one-time key.
    public let owner: Address
    /// Hides the owner until the owner shows it.
    public let salt: Bytes32

    /// Makes a topic.
    public init(owner: Address, salt: Bytes32) {
        self.owner = owner
        self.salt = salt
    }

    /// SHA-256 of `tagged "feesvc/topic/1": addr owner, b32 salt`.
    public var id: Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/topic/1")
        encoder.append(owner)
        encoder.append(salt)
        return SHA256.hash(encoder.bytes)
    }
}

/// What an envelope's hash commits to; the payload enters by its own hash, so that evidence stays small.
public struct EnvelopeHead: Hashable, Sendable {
    /// The largest payload in bytes.
    public static let payloadBytesMax = 1_048_576

    /// The topic's id.
    public let topic: Bytes32
    /// The UTC day on whose midnight the envelope's last day of storage begins.
    public let expiryDay: UTCDay
    /// Makes equal payloads different envelopes.
    public let salt: Bytes32
    /// The payload's size, 0 … ``payloadBytesMax``.
    public let payloadBytes: UInt32
    /// SHA-256 of the payload.
    public let payloadHash: Bytes32
    /// The bits of a shard's number in the network that the envelope is for.
    public let shardBits: UInt8

    /// Makes a head; its size, and that there may be so many shards, has been checked by the caller.
    public init(
        topic: Bytes32, expiryDay: UTCDay, salt: Bytes32, payloadBytes: UInt32, payloadHash: Bytes32,
        shardBits: UInt8 = 0
    ) {
        precondition(shardBits <= Sharding.bitsMax, "a network has at most 2^12 shards")
        self.topic = topic
        self.expiryDay = expiryDay
        self.salt = salt
        self.payloadBytes = payloadBytes
        self.payloadHash = payloadHash
        self.shardBits = shardBits
    }

    private static let plainTag = "feesvc/envelope/1"
    private static let shardedTag = "feesvc/sharded-envelope/1"

    /// `tagged "feesvc/envelope/1": b32 topic, u32 expiryDay, b32 salt, u32 payloadBytes, b32 payloadHash`; in a network with more
    /// than one shard `tagged "feesvc/sharded-envelope/1"`, the same fields and `u8 shardBits`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: shardBits == 0 ? Self.plainTag : Self.shardedTag)
        encoder.append(topic)
        encoder.append(expiryDay.number)
        encoder.append(salt)
        encoder.append(payloadBytes)
        encoder.append(payloadHash)
        if shardBits > 0 { encoder.append(shardBits) }
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder: CanonicalDecoder
        let isSharded: Bool
        (decoder, isSharded) = try CanonicalDecoder.either(
            canonicalBytes, tag: Self.plainTag, orTag: Self.shardedTag)
        topic = try decoder.readBytes32()
        expiryDay = UTCDay(number: try decoder.readUInt32())
        salt = try decoder.readBytes32()
        payloadBytes = try decoder.readUInt32()
        payloadHash = try decoder.readBytes32()
        shardBits = isSharded ? try decoder.readUInt8() : 0
        try decoder.finish()
        guard !isSharded || (1...Sharding.bitsMax).contains(shardBits) else { throw .outOfRange(field: "shardBits") }
        guard payloadBytes <= Self.payloadBytesMax else { throw .outOfRange(field: "payloadBytes") }
    }

    /// The envelope's hash: SHA-256 of the canonical bytes, whose first ``shardBits`` bits are the number of the topic's shard
    /// instead.
    ///
    /// So a charge tells the shard of its message, and nothing else of its topic; who pays can't name another shard than the one that
    /// nodes look for it in.
    public var hash: Bytes32 {
        let hash = SHA256.hash(canonicalBytes)
        guard let sharding = Sharding(bits: shardBits, replication: 0), shardBits > 0 else { return hash }
        return sharding.marked(hash, with: sharding.shard(ofTopic: topic))
    }
}

/// One message as it travels: a head, and the payload that the head commits to.
public struct Envelope: Hashable, Sendable {
    /// What the hash commits to.
    public let head: EnvelopeHead
    /// The sealed message; feesvc never looks inside.
    public let payload: [UInt8]

    /// Seals a payload of at most ``EnvelopeHead/payloadBytesMax`` bytes under its head.
    public init(topic: Bytes32, expiryDay: UTCDay, salt: Bytes32, payload: [UInt8], shardBits: UInt8 = 0) {
        precondition(payload.count <= EnvelopeHead.payloadBytesMax, "a payload has at most 1 MiB")
        head = EnvelopeHead(
            topic: topic, expiryDay: expiryDay, salt: salt, payloadBytes: UInt32(payload.count),
            payloadHash: SHA256.hash(payload), shardBits: shardBits)
        self.payload = payload
    }

    /// Pairs a head with a payload from outside; `nil` where the head does not commit to it.
    public init?(head: EnvelopeHead, payload: [UInt8]) {
        guard payload.count == Int(head.payloadBytes), SHA256.hash(payload) == head.payloadHash else { return nil }
        self.head = head
        self.payload = payload
    }

    /// The envelope's hash.
    public var hash: Bytes32 { head.hash }

    /// `bytes head, bytes payload`: the form on the wire and in stores.
    public func write(to encoder: inout CanonicalEncoder) {
        encoder.append(head.canonicalBytes)
        encoder.append(payload)
    }
}
