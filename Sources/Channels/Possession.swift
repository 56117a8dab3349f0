public import Primitives

/// `Possession`: a node vouches that it read an envelope just now.
public struct PossessionStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Possession(bytes32 possession)")
    /// SHA-256 of ``Possession/canonicalBytes``.
    public let possession: Bytes32

    /// Makes the statement.
    public init(possession: Bytes32) {
        self.possession = possession
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [possession] }
}

/// What a node signs for whoever asks whether it stores an envelope: an answer that needs every byte of it, to a nonce that the asker
/// chose.
///
/// Whoever has the envelope as well can check ``answer``; a node that answers wrongly has signed that it lied.
public struct Possession: Hashable, Sendable {
    /// The node.
    public let node: UInt32
    /// The event that carries the envelope.
    public let event: Bytes32
    /// The asker's.
    public let nonce: Bytes32
    /// ``answer(nonce:envelope:)``.
    public let answer: Bytes32
    /// The node's time, that of the newest head it has seen.
    public let time: UInt64

    /// Makes the statement's contents.
    public init(node: UInt32, event: Bytes32, nonce: Bytes32, answer: Bytes32, time: UInt64) {
        self.node = node
        self.event = event
        self.nonce = nonce
        self.answer = answer
        self.time = time
    }

    /// `SHA(tagged "feesvc/challenge/1": b32 nonce, bytes envelope)` of `bytes head, bytes payload`: only who has every byte at hand
    /// can answer.
    public static func answer(nonce: Bytes32, envelope: [UInt8]) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/challenge/1")
        encoder.append(nonce)
        encoder.append(envelope)
        return SHA256.hash(encoder.bytes)
    }

    /// `tagged "feesvc/possession/1": u32 node, b32 event, b32 nonce, b32 answer, u64 time`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/possession/1")
        encoder.append(node)
        encoder.append(event)
        encoder.append(nonce)
        encoder.append(answer)
        encoder.append(time)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/possession/1")
        node = try decoder.readUInt32()
        event = try decoder.readBytes32()
        nonce = try decoder.readBytes32()
        answer = try decoder.readBytes32()
        time = try decoder.readUInt64()
        try decoder.finish()
    }

    /// What the node signs.
    public var statement: PossessionStatement {
        PossessionStatement(possession: SHA256.hash(canonicalBytes))
    }
}
