public import Primitives

/// The payload of every envelope in a closed topic: a message, and the proof that its author may stand there.
///
/// The proof is a part of the payload, so the envelope's hash commits to it, every holder has the same bytes, and who has the
/// message deleted has the author's name deleted with it.
public struct AuthoredPayload: Hashable, Sendable {
    /// The topic, opened.
    public let topic: ClosedTopic
    /// Who signs.
    public let author: Address
    /// The last second of the log's time at which the author wants the message charged: later nobody can have it published
    /// again.
    public let validUntil: UInt64
    /// What shows that the author is a member; `nil` exactly where the owner is the author.
    public let membership: Membership?
    /// The sealed message; feesvc never looks inside.
    public let message: [UInt8]
    /// The author's signature.
    public let signature: Signature

    /// Puts a payload together.
    public init(
        topic: ClosedTopic, author: Address, validUntil: UInt64, membership: Membership?, message: [UInt8],
        signature: Signature
    ) {
        self.topic = topic
        self.author = author
        self.validUntil = validUntil
        self.membership = membership
        self.message = message
        self.signature = signature
    }

    /// `tagged "feesvc/authored/1": u8 rule, addr owner, b32 topicSalt, addr author, u64 validUntil, bytes membership, bytes message, sig`.
    public var canonicalBytes: [UInt8] {
        var encoder = content
        encoder.append(signature)
        return encoder.bytes
    }

    private var content: CanonicalEncoder {
        Self.content(topic, author: author, validUntil: validUntil, membership: membership, message: message)
    }

    private static func content(
        _ topic: ClosedTopic, author: Address, validUntil: UInt64, membership: Membership?, message: [UInt8]
    ) -> CanonicalEncoder {
        var encoder = CanonicalEncoder(tag: "feesvc/authored/1")
        encoder.append(topic.rule.rawValue)
        encoder.append(topic.owner)
        encoder.append(topic.salt)
        encoder.append(author)
        encoder.append(validUntil)
        encoder.append(membership?.canonicalBytes ?? [])
        encoder.append(message)
        return encoder
    }

    /// Reads a payload, at most ``EnvelopeHead/payloadBytesMax`` bytes; nothing is believed before it is checked.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        guard canonicalBytes.count <= EnvelopeHead.payloadBytesMax else {
            throw .tooLong(limit: EnvelopeHead.payloadBytesMax, found: canonicalBytes.count)
        }
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/authored/1")
        guard let rule = TopicRule(rawValue: try decoder.readUInt8()) else { throw .outOfRange(field: "rule") }
        topic = ClosedTopic(rule: rule, owner: try decoder.readAddress(), salt: try decoder.readBytes32())
        author = try decoder.readAddress()
        validUntil = try decoder.readUInt64()
        let membership = try decoder.readBytes(limit: Membership.bytesMax)
        self.membership = membership.isEmpty ? nil : try Membership(canonicalBytes: membership)
        message = try decoder.readBytes(limit: EnvelopeHead.payloadBytesMax)
        signature = try decoder.readSignature()
        try decoder.finish()
        // One form: an owner who is on the own list needs no proof of it.
        guard self.membership == nil || author != topic.owner else { throw .outOfRange(field: "membership") }
    }

    /// What the author signs for an envelope of this expiry and salt.
    func statement(expiryDay: UTCDay, salt: Bytes32) -> Authorship {
        Authorship(topic: topic.id, expiryDay: expiryDay, salt: salt, content: SHA256.hash(content.bytes))
    }
}

extension Envelope {
    /// Seals an author's message under its proof; `nil` where both together are larger than a payload may be.
    public init?(
        authored message: [UInt8], in topic: ClosedTopic, expiryDay: UTCDay, salt: Bytes32, validUntil: UInt64,
        membership: Membership?, key: SecretKey, domain: EIP712Domain, shardBits: UInt8 = 0
    ) {
        let unsigned = AuthoredPayload(
            topic: topic, author: key.address, validUntil: validUntil,
            membership: key.address == topic.owner ? nil : membership, message: message, signature: key.sign(.zero))
        let digest = domain.digest(of: unsigned.statement(expiryDay: expiryDay, salt: salt))
        let payload = AuthoredPayload(
            topic: topic, author: unsigned.author, validUntil: validUntil, membership: unsigned.membership,
            message: message, signature: key.sign(digest)
        ).canonicalBytes
        guard payload.count <= EnvelopeHead.payloadBytesMax else { return nil }
        self.init(topic: topic.id, expiryDay: expiryDay, salt: salt, payload: payload, shardBits: shardBits)
    }
}
