public import Primitives

/// Who may publish in a closed topic.
public enum TopicRule: UInt8, CaseIterable, Sendable {
    /// Its owner alone.
    case owner = 1
    /// Its owner, and the members of a list that the owner signed for the time of the charge.
    case members = 2
}

/// A topic in which not everybody may publish.
///
/// It is a ``Topic`` whose salt commits to its rule, and whose id says by its last bytes that it has one: from a message's own
/// bytes everybody sees that somebody has to answer for it, whatever else is known of the topic.
public struct ClosedTopic: Hashable, Sendable {
    /// The last six bytes of a closed topic's id, ASCII. They stand at the end since ids are spread by how they begin; an
    /// open topic's id ends so once in 2^48.
    static let mark = Array("closed".utf8)

    /// Who may publish.
    public let rule: TopicRule
    /// Who signs lists of members, and owns the topic.
    public let owner: Address
    /// Hides owner and rule until the first message shows them.
    public let salt: Bytes32

    /// Makes a topic.
    public init(rule: TopicRule, owner: Address, salt: Bytes32) {
        self.rule = rule
        self.owner = owner
        self.salt = salt
    }

    /// Owner and salt as evidence shows them; the salt is SHA-256 of `tagged "feesvc/topic-rule/1": u8 rule, b32 salt`.
    public var topic: Topic {
        var encoder = CanonicalEncoder(tag: "feesvc/topic-rule/1")
        encoder.append(rule.rawValue)
        encoder.append(salt)
        return Topic(owner: owner, salt: SHA256.hash(encoder.bytes))
    }

    /// The first 26 bytes of ``topic``'s id, then "closed".
    public var id: Bytes32 { Self.closed(topic.id) }

    /// Tells whether a topic's id says that it is closed.
    public static func isClosed(_ id: Bytes32) -> Bool { id.words.3 & markMask == markWord }

    /// The id of the closed topic whose owner and salt an open topic's id commits to.
    static func closed(_ id: Bytes32) -> Bytes32 {
        let words = id.words
        return Bytes32(words: (words.0, words.1, words.2, words.3 & ~markMask | markWord))
    }

    private static let markMask: UInt64 = 1 << 48 - 1
    private static let markWord = mark.reduce(0) { $0 << 8 | UInt64($1) }
}

extension Topic {
    /// Tells whether an id commits to this owner and salt, be the topic open or closed.
    public func isCommitted(by id: Bytes32) -> Bool {
        let open = self.id
        return id == (ClosedTopic.isClosed(id) ? ClosedTopic.closed(open) : open)
    }
}
