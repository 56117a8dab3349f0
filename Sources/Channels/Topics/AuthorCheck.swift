public import Primitives

/// Decides whether a message may stand in its topic, from its own bytes and from when its charge was logged: whoever is shown
/// the same message decides the same, in whatever order lists and messages come.
public struct AuthorCheck: Sendable {
    private let head: EnvelopeHead
    private let payload: AuthoredPayload?

    /// Everything that needs no signature; in an open topic nothing.
    ///
    /// `logged` is the time of the leaf that records the charge, Unix seconds of the log's time.
    public init(_ envelope: Envelope, logged: UInt64) throws(AuthorRefusal) {
        head = envelope.head
        guard ClosedTopic.isClosed(head.topic) else {
            payload = nil
            return
        }
        let payload: AuthoredPayload
        do throws(CanonicalError) {
            payload = try AuthoredPayload(canonicalBytes: envelope.payload)
        } catch {
            throw .form(error)
        }
        self.payload = payload
        guard payload.topic.id == head.topic else { throw .notTheTopic }
        guard logged <= payload.validUntil else { throw .late(validUntil: payload.validUntil, logged: logged) }
        guard payload.author != payload.topic.owner else { return }
        guard payload.topic.rule == .members else { throw .notTheOwner(payload.author) }
        guard let membership = payload.membership else { throw .noList }
        try membership.checkForm(of: payload.author, in: head.topic, logged: logged)
    }

    /// The author's signature on the message, and the owner's on the list.
    public func checkSignatures(in domain: EIP712Domain) throws(AuthorRefusal) {
        guard let payload else { return }
        let statement = payload.statement(expiryDay: head.expiryDay, salt: head.salt)
        guard payload.signature.isBy(payload.author, over: domain.digest(of: statement)) else { throw .signature }
        guard let membership = payload.membership else { return }
        guard membership.isSigned(by: payload.topic.owner, in: domain) else { throw .listSignature }
    }
}
