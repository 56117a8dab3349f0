import Channels
import Foundation
import Payer
import Primitives

/// A topic's opening on disk: what makes its id, for its owner and for those who publish in it.
struct TopicFile: Codable, Hashable {
    /// The largest file in bytes.
    static let bytesMax = 65_536

    /// The topic's id.
    let topic: Bytes32
    /// `owner` or `members`.
    let rule: String
    /// Whose it is.
    let owner: Address
    /// What hides owner and rule until the first message.
    let salt: Bytes32
    /// The salt that welcomes and deletions show.
    let topicSalt: Bytes32

    init(_ topic: ClosedTopic) {
        self.topic = topic.id
        rule = "\(topic.rule)"
        owner = topic.owner
        salt = topic.salt
        topicSalt = topic.topic.salt
    }

    /// The topic, where the file says what belongs together.
    func opened(_ path: String) throws -> ClosedTopic {
        guard let rule = TopicRule.allCases.first(where: { "\($0)" == rule }) else {
            throw OperatorError("\(path) names the rule \(rule); there are owner and members.")
        }
        let opened = ClosedTopic(rule: rule, owner: owner, salt: salt)
        guard opened.id == topic, opened.topic.salt == topicSalt else {
            throw OperatorError("\(path) is not right: its rule, owner and salt do not make its topic.")
        }
        return opened
    }
}

/// A member's place on a list, on disk: all that a member needs beside the own key.
struct MembershipFile: Codable {
    let topic: TopicFile
    /// Whose place it is.
    let member: Address
    /// Which of the owner's lists.
    let version: UInt64
    /// From when it counts, Unix seconds.
    let from: UInt64
    /// The first second at which it no longer does.
    let until: UInt64
    /// Canonical bytes.
    let membership: HexBytes
}

/// What a file of a closed topic holds: a topic, or a place on one of its lists.
struct TopicPass {
    let topic: ClosedTopic
    let member: Address?
    let membership: Membership?

    /// Reads either file.
    init(path: String) throws {
        let bytes: Data
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            bytes = try handle.read(upToCount: TopicFile.bytesMax + 1) ?? Data()
        } catch {
            throw OperatorError("\(path) can't be read: \(Presentation.reason(of: error)).")
        }
        guard bytes.count <= TopicFile.bytesMax else {
            throw OperatorError("\(path) has more than \(TopicFile.bytesMax) bytes: it is no file of a topic.")
        }
        if let file = try? JSONDecoder().decode(MembershipFile.self, from: bytes) {
            topic = try file.topic.opened(path)
            member = file.member
            do {
                membership = try Membership(canonicalBytes: file.membership.bytes)
            } catch {
                throw OperatorError("\(path) holds no membership: \(error).")
            }
        } else if let file = try? JSONDecoder().decode(TopicFile.self, from: bytes) {
            topic = try file.opened(path)
            member = nil
            membership = nil
        } else {
            throw OperatorError(
                "\(path) is neither a topic (feesvc topic create) nor a membership (feesvc topic admit).")
        }
    }
}
