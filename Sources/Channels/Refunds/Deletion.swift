public import Primitives

/// `Deletion`: a topic's owner orders a message to be deleted before it expires.
public struct DeletionStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Deletion(bytes32 topic,bytes32 envelopeHash)")
    /// The topic's id.
    public let topic: Bytes32
    /// The message that is to be deleted.
    public let envelopeHash: Bytes32

    /// Makes the statement.
    public init(topic: Bytes32, envelopeHash: Bytes32) {
        self.topic = topic
        self.envelopeHash = envelopeHash
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [topic, envelopeHash] }
}

/// The evidence that a message was deleted early.
public struct Deletion: Hashable, Sendable {
    /// The message's head, which names its topic.
    public let head: EnvelopeHead
    /// The topic's owner and salt, shown now.
    public let topic: Topic
    /// The owner's signature.
    public let signature: Signature

    /// Puts the evidence together.
    public init(head: EnvelopeHead, topic: Topic, signature: Signature) {
        self.head = head
        self.topic = topic
        self.signature = signature
    }

    /// `tagged "feesvc/deletion/1": bytes envelopeHead, addr owner, b32 topicSalt, sig`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/deletion/1")
        encoder.append(head.canonicalBytes)
        encoder.append(topic.owner)
        encoder.append(topic.salt)
        encoder.append(signature)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/deletion/1")
        head = try EnvelopeHead(canonicalBytes: try decoder.readBytes(limit: 512))
        topic = Topic(owner: try decoder.readAddress(), salt: try decoder.readBytes32())
        signature = try decoder.readSignature()
        try decoder.finish()
    }

    /// SHA-256 of the canonical bytes: how the log names this evidence.
    public var hash: Bytes32 { SHA256.hash(canonicalBytes) }

    /// `SHA(tagged "feesvc/deleted/1": u64 charge, b32 envelopeHash)`: the id by which nodes that hold an order to delete the message
    /// of a charge tell each other. The owner's signature has no part in it: one order is as good as another.
    public static func mark(charge: UInt64, envelopeHash: Bytes32) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/deleted/1")
        encoder.append(charge)
        encoder.append(envelopeHash)
        return SHA256.hash(encoder.bytes)
    }

    /// What the owner signs.
    public var statement: DeletionStatement { DeletionStatement(topic: head.topic, envelopeHash: head.hash) }

    /// Tells whether the topic's owner ordered this.
    public func check(domain: EIP712Domain) throws(DeletionRefusal) {
        guard topic.isCommitted(by: head.topic) else { throw .notTheTopic }
        guard signature.isBy(topic.owner, over: domain.digest(of: statement)) else { throw .signature }
    }
}

/// Why a deletion moves no money.
public enum DeletionRefusal: Error, Hashable, Sendable {
    /// Owner and salt do not hash to the message's topic.
    case notTheTopic
    /// The owner did not sign.
    case signature
    /// No day of storage is left that could go back.
    case nothingLeft(expiry: UTCDay)
    /// It was deleted, or voided, before.
    case decided

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .notTheTopic: "deletion/not-the-topic"
        case .signature: "deletion/signature"
        case .nothingLeft: "deletion/nothing-left"
        case .decided: "deletion/decided"
        }
    }

    /// One sentence: what is wrong.
    public var detail: String {
        switch self {
        case .notTheTopic: "The owner and salt shown do not hash to the message's topic."
        case .signature: "The topic's owner did not sign this deletion."
        case .nothingLeft(let expiry): "The message expires on \(expiry): no day of its storage is left to give back."
        case .decided: "The storage of this message went back before."
        }
    }
}
