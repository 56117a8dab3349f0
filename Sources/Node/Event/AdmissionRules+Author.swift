import Channels

extension AdmissionRules {
    /// What a topic's rule asks of a message, signatures left out; nothing in an open topic.
    ///
    /// Of a message that the topic's owner had deleted nothing is asked: the payload, and with it the proof, is gone, and the
    /// order is the owner's own word about this message.
    func author(of envelope: Envelope?, in receipt: Receipt) throws(EventRefusal) -> AuthorCheck? {
        guard let envelope else { return nil }
        do throws(AuthorRefusal) {
            return try AuthorCheck(envelope, logged: receipt.leaf.time)
        } catch {
            throw .author(error)
        }
    }

    /// The signatures of author and owner.
    func checkSignatures(_ author: AuthorCheck?) throws(EventRefusal) {
        do throws(AuthorRefusal) {
            try author?.checkSignatures(in: domain)
        } catch {
            throw .author(error)
        }
    }
}
