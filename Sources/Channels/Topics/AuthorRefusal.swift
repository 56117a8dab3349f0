public import Primitives

/// Why a message has no place in its closed topic.
public enum AuthorRefusal: Error, Hashable, Sendable {
    /// The payload is not that of a closed topic.
    case form(CanonicalError)
    /// Owner, rule and salt shown are not those that the topic's id commits to.
    case notTheTopic
    /// The rule is "owner only", and its author is another.
    case notTheOwner(Address)
    /// The charge was logged after the author wanted it published.
    case late(validUntil: UInt64, logged: UInt64)
    /// Its author is not the owner and shows no list.
    case noList
    /// The list is of another topic.
    case otherTopic(found: Bytes32)
    /// The charge was logged before the list begins to count.
    case notYet(from: UInt64, logged: UInt64)
    /// The charge was logged when the list no longer counted.
    case ended(until: UInt64, logged: UInt64)
    /// The author is not on the list, or the way shown is another member's.
    case notAMember(Address)
    /// The author did not sign this message.
    case signature
    /// The topic's owner did not sign the list.
    case listSignature

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .form: "author/form"
        case .notTheTopic: "author/not-the-topic"
        case .notTheOwner: "author/not-the-owner"
        case .late: "author/late"
        case .noList: "author/no-list"
        case .otherTopic: "author/other-topic"
        case .notYet: "author/not-yet"
        case .ended: "author/ended"
        case .notAMember: "author/not-a-member"
        case .signature: "author/signature"
        case .listSignature: "author/list-signature"
        }
    }

    /// One sentence: what is wrong.
    public var detail: String {
        switch self {
        case .form(let error):
            "the topic is closed, and the payload is not an author's message with its proof: \(error)"
        case .notTheTopic: "owner, rule and salt shown are not those that the topic's id commits to"
        case .notTheOwner(let author): "only its owner publishes in this topic, \(author) does not own it"
        case .late(let validUntil, let logged):
            "the author signed for charges until \(validUntil), this one was logged at \(logged)"
        case .noList: "the author is not the topic's owner and shows no list of members"
        case .otherTopic(let found): "the list of members shown is of the topic \(found)"
        case .notYet(let from, let logged):
            "the list of members counts from \(from), the charge was logged at \(logged)"
        case .ended(let until, let logged):
            "the list of members counted until \(until), the charge was logged at \(logged)"
        case .notAMember(let author): "\(author) is not on the list of members shown, or shows another's place"
        case .signature: "the author did not sign this message for this envelope"
        case .listSignature: "the topic's owner did not sign the list of members shown"
        }
    }
}
