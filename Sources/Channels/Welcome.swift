public import Primitives

/// `Welcome`: a topic's owner takes a stranger's message in, and its postage goes back.
public struct WelcomeStatement: TypedStatement, Hashable {
    /// keccak256 of the encoded type.
    public static let typeHash = EIP712.typeHash("Welcome(bytes32 topic,bytes32 envelopeHash)")
    /// The topic's id.
    public let topic: Bytes32
    /// The message that is welcome.
    public let envelopeHash: Bytes32

    /// Makes the statement.
    public init(topic: Bytes32, envelopeHash: Bytes32) {
        self.topic = topic
        self.envelopeHash = envelopeHash
    }

    /// The members as ABI words.
    public var words: [Bytes32] { [topic, envelopeHash] }
}

/// The evidence that a message was welcome.
public struct Welcome: Hashable, Sendable {
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

    /// `tagged "feesvc/welcome/1": bytes envelopeHead, addr owner, b32 topicSalt, sig`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/welcome/1")
        encoder.append(head.canonicalBytes)
        encoder.append(topic.owner)
        encoder.append(topic.salt)
        encoder.append(signature)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/welcome/1")
        head = try EnvelopeHead(canonicalBytes: try decoder.readBytes(limit: 512))
        topic = Topic(owner: try decoder.readAddress(), salt: try decoder.readBytes32())
        signature = try decoder.readSignature()
        try decoder.finish()
    }

    /// SHA-256 of the canonical bytes: how the log names this evidence.
    public var hash: Bytes32 { SHA256.hash(canonicalBytes) }
}

/// Why a welcome moves no postage.
public enum WelcomeRefusal: Error, Hashable, Sendable {
    /// Owner and salt do not hash to the message's topic.
    case notTheTopic
    /// The owner did not sign.
    case signature
    /// The owner is the channel's own payer or signer.
    case ownMessage
    /// The charge carried no postage.
    case noPostage
    /// The postage was decided before.
    case decided
    /// The window ended.
    case late(due: UInt64)

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .notTheTopic: "welcome/not-the-topic"
        case .signature: "welcome/signature"
        case .ownMessage: "welcome/own-message"
        case .noPostage: "welcome/no-postage"
        case .decided: "welcome/decided"
        case .late: "welcome/late"
        }
    }

    /// One sentence: what is wrong.
    public var detail: String {
        switch self {
        case .notTheTopic: "The owner and salt shown do not hash to the message's topic."
        case .signature: "The topic's owner did not sign this welcome."
        case .ownMessage: "Whoever pays for a message cannot welcome it."
        case .noPostage: "The message carried no postage."
        case .decided: "The postage of this message was decided before."
        case .late(let due): "The window for a welcome ended at \(due)."
        }
    }
}

extension Welcome {
    /// What has to be known of the charge that a welcome names.
    public struct Charged: Hashable, Sendable {
        /// The channel's payer.
        public let payer: Address
        /// Everybody who signs or ever signed for the channel.
        public let signers: Set<Address>
        /// The postage still held, `nil` once it was decided.
        public let held: Amount?
        /// When the window ends, the first second in which a welcome is late.
        public let due: UInt64

        /// Puts the facts together.
        public init(payer: Address, signers: Set<Address>, held: Amount?, due: UInt64) {
            self.payer = payer
            self.signers = signers
            self.held = held
            self.due = due
        }
    }

    /// Decides whether the postage goes back, and how much of it: all.
    public func decide(_ charged: Charged, domain: EIP712Domain, now: UInt64) throws(WelcomeRefusal) -> Amount {
        guard let held = charged.held else { throw .decided }
        guard held > .zero else { throw .noPostage }
        guard now < charged.due else { throw .late(due: charged.due) }
        guard topic.isCommitted(by: head.topic) else { throw .notTheTopic }
        guard topic.owner != charged.payer, !charged.signers.contains(topic.owner) else { throw .ownMessage }
        let statement = WelcomeStatement(topic: head.topic, envelopeHash: head.hash)
        guard signature.isBy(topic.owner, over: domain.digest(of: statement)) else { throw .signature }
        return held
    }
}
