public import Primitives

/// `Event`: the originator vouches for an event by its id.
public struct EventStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Event(bytes32 id)")
    /// The event's id.
    public let id: Bytes32

    /// Makes the statement.
    public init(id: Bytes32) {
        self.id = id
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [id] }
}

/// A vertex of a topic's Merkle-DAG and a link of its originator's chain: an envelope that a node admitted.
///
/// The envelope travels beside it. ``id`` commits to every field, so whoever holds an id can check what it is given.
public struct Event: Hashable, Sendable {
    /// The most links of an event.
    public static let linksMax = 16
    /// The most links that a node gives an event of its own: each one more is a look into every holder's store, and four merge
    /// tips faster than writers make them.
    static let linksOwn = 4
    /// The largest event in canonical bytes: the fixed fields, 16 links and the largest receipt.
    public static let bytesMax = 5_120
    private static let receiptBytesMax = 4_096

    /// The node that admitted the envelope.
    public let originator: UInt32
    /// The place in the originator's chain, from 1.
    public let sequence: UInt64
    /// The id at `sequence − 1`; zero at 1.
    public let previous: Bytes32
    /// The envelope's topic.
    public let topic: Bytes32
    /// The topic's tips as the originator saw them, ascending, none twice.
    public let links: [Bytes32]
    /// The envelope's hash.
    public let envelopeHash: Bytes32
    /// The canonical bytes of the receipt that paid for the envelope.
    public let receipt: [UInt8]

    /// Makes an event; the links are put in order.
    public init(
        originator: UInt32,
        sequence: UInt64,
        previous: Bytes32,
        topic: Bytes32,
        links: [Bytes32],
        envelopeHash: Bytes32,
        receipt: [UInt8]
    ) {
        self.originator = originator
        self.sequence = sequence
        self.previous = previous
        self.topic = topic
        self.links = links.sorted()
        self.envelopeHash = envelopeHash
        self.receipt = receipt
    }

    /// `tagged "feesvc/event/1": u32 originator, u64 sequence, b32 previous, b32 topic, list<b32> links,
    /// b32 envelopeHash, bytes receipt`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/event/1")
        encoder.append(originator)
        encoder.append(sequence)
        encoder.append(previous)
        encoder.append(topic)
        encoder.append(list: links) { $0.append($1) }
        encoder.append(envelopeHash)
        encoder.append(receipt)
        return encoder.bytes
    }

    /// Reads canonical bytes and refuses sequence 0, a `previous` that does not fit it, and links out of order.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/event/1")
        originator = try decoder.readUInt32()
        sequence = try decoder.readUInt64()
        previous = try decoder.readBytes32()
        topic = try decoder.readBytes32()
        links = try decoder.readList(limit: Self.linksMax) { decoder throws(CanonicalError) in
            try decoder.readBytes32()
        }
        envelopeHash = try decoder.readBytes32()
        receipt = try decoder.readBytes(limit: Self.receiptBytesMax)
        try decoder.finish()
        // SQLite keeps signed integers; no honest chain comes near 2^63.
        guard (1...UInt64(Int64.max)).contains(sequence) else { throw .outOfRange(field: "sequence") }
        guard (sequence == 1) == (previous == .zero) else { throw .outOfRange(field: "previous") }
        guard zip(links, links.dropFirst()).allSatisfy({ $0 < $1 }) else { throw .outOfRange(field: "links") }
    }

    /// SHA-256 of the canonical bytes.
    public var id: Bytes32 { SHA256.hash(canonicalBytes) }

    /// Every event that this one names: its links and, after the first, its predecessor.
    public var ancestors: [Bytes32] {
        sequence > 1 && !links.contains(previous) ? links + [previous] : links
    }
}
