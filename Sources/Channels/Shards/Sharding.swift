public import Primitives

/// A part of all topics, numbered from 0: what lies in it is held, compared, handed over and paid for together.
public struct Shard: Hashable, Sendable, Comparable {
    /// Its number.
    public let number: UInt16

    /// The shard with this number.
    public init(number: UInt16) {
        self.number = number
    }

    /// Orders by number.
    public static func < (a: Shard, b: Shard) -> Bool { a.number < b.number }
}

extension Shard: CustomStringConvertible {
    /// The number.
    public var description: String { "\(number)" }
}

/// Into how many shards a network's topics fall, and by how many nodes each is to be held. It is fixed when the network begins.
public struct Sharding: Hashable, Sendable {
    /// The most bits of a shard's number: 4,096 shards.
    public static let bitsMax: UInt8 = 12
    /// One shard, held by every node.
    public static let none = Sharding(uncheckedBits: 0, replication: 0)

    /// The bits of a shard's number: there are 2^bits shards.
    public let bits: UInt8
    /// How many nodes are assigned to each shard; 0 assigns all.
    public let replication: UInt16

    /// At most 2^``bitsMax`` shards; `nil` for more.
    public init?(bits: UInt8, replication: UInt16) {
        guard bits <= Self.bitsMax else { return nil }
        self.init(uncheckedBits: bits, replication: replication)
    }

    private init(uncheckedBits bits: UInt8, replication: UInt16) {
        self.bits = bits
        self.replication = replication
    }

    /// Reads `u8 shardBits, u16 replication` of a network that has shards: ``none`` has the shorter form.
    init(from decoder: inout CanonicalDecoder) throws(CanonicalError) {
        guard let sharding = Sharding(bits: try decoder.readUInt8(), replication: try decoder.readUInt16()) else {
            throw .outOfRange(field: "shardBits")
        }
        guard sharding != .none else { throw .outOfRange(field: "replication") }
        self = sharding
    }

    /// How many shards there are.
    public var count: Int { 1 << Int(bits) }

    /// All shards, ascending.
    public var all: [Shard] { (0..<count).map { Shard(number: UInt16($0)) } }

    /// Whether there is a shard of a number.
    public func contains(_ shard: Shard) -> Bool { Int(shard.number) < count }

    /// The shard of a topic: the first bits of SHA-256 of `tagged "feesvc/shard/1": b32 topic`.
    ///
    /// Not of the topic's id itself, which whoever makes it chooses among many.
    public func shard(ofTopic topic: Bytes32) -> Shard {
        guard bits > 0 else { return Shard(number: 0) }
        var encoder = CanonicalEncoder(tag: "feesvc/shard/1")
        encoder.append(topic)
        return shard(ofEnvelope: SHA256.hash(encoder.bytes))
    }

    /// The shard that an envelope's hash begins with.
    public func shard(ofEnvelope hash: Bytes32) -> Shard {
        bits == 0 ? Shard(number: 0) : Shard(number: UInt16(hash.prefix >> (64 - UInt64(bits))))
    }

    /// A hash whose first bits are a shard's number instead.
    func marked(_ hash: Bytes32, with shard: Shard) -> Bytes32 {
        guard bits > 0 else { return hash }
        let words = hash.words
        let rest = words.0 & (UInt64.max >> UInt64(bits))
        return Bytes32(words: (UInt64(shard.number) << (64 - UInt64(bits)) | rest, words.1, words.2, words.3))
    }
}
