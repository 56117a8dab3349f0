import Channels
import Primitives

@testable import Node

/// An owner's closed topics, the lists that the owner signed for them, and people who publish there with or without a right to.
struct ClosedCrowd {
    /// What an author does.
    enum Conduct: CaseIterable {
        case ownerPublishes, memberPublishes
        case strangerPublishes, listIsOver, listIsEarly, listOfAnotherTopic, ownList, noProof, anothersPlace
        case signedForAnother, memberWhereOwnerOnly

        /// Whether such a message may stand in its topic.
        var isRightful: Bool { self == .ownerPublishes || self == .memberPublishes }
    }

    let owner: SecretKey
    let domain: EIP712Domain
    /// Now, in the log's time.
    let time: UInt64

    static func topics(of owner: SecretKey) -> [ClosedTopic] {
        TopicRule.allCases.map { ClosedTopic(rule: $0, owner: owner.address, salt: SHA256.hash([7])) }
    }

    private var topic: ClosedTopic { ClosedTopic(rule: .members, owner: owner.address, salt: SHA256.hash([7])) }
    private static let members = (1...3).map { SecretKey(seed: UInt64($0), label: "member") }
    private static let stranger = SecretKey(seed: 1, label: "stranger")

    /// An envelope that an author of that conduct makes.
    func envelope(_ conduct: Conduct, number: UInt64, expiry: UInt32) throws -> Envelope {
        let member = Self.members[Int(number % 3)]
        let version = number % 4
        switch conduct {
        case .ownerPublishes:
            let own = Self.topics(of: owner)[Int(number % 2)]
            return try sealed(own, by: owner, nil, number, expiry)
        case .memberPublishes:
            return try sealed(topic, by: member, try membership(member, version: version), number, expiry)
        case .strangerPublishes:
            return try sealed(topic, by: Self.stranger, try membership(member, version: version), number, expiry)
        case .listIsOver:
            let list = try membership(member, version: version, until: time)
            return try sealed(topic, by: member, list, number, expiry)
        case .listIsEarly:
            let list = try membership(member, version: version, from: time + 1)
            return try sealed(topic, by: member, list, number, expiry)
        case .listOfAnotherTopic:
            let other = ClosedTopic(rule: .members, owner: owner.address, salt: SHA256.hash([8]))
            return try sealed(topic, by: member, try membership(member, version: version, of: other), number, expiry)
        case .ownList:
            let list = try membership(member, version: version, by: member)
            return try sealed(topic, by: member, list, number, expiry)
        case .noProof:
            return Envelope.sample(number, in: topic.id, expiry: expiry)
        case .anothersPlace:
            let other = Self.members[Int((number + 1) % 3)]
            return try sealed(topic, by: member, try membership(other, version: version), number, expiry)
        case .signedForAnother:
            let good = try sealed(topic, by: member, try membership(member, version: version), number, expiry)
            return Envelope(
                topic: topic.id, expiryDay: good.head.expiryDay, salt: SHA256.hash(good.head.salt.bytes),
                payload: good.payload)
        case .memberWhereOwnerOnly:
            let own = Self.topics(of: owner)[0]
            return try sealed(own, by: member, try membership(member, version: version, of: own), number, expiry)
        }
    }

    private func sealed(
        _ topic: ClosedTopic, by key: SecretKey, _ membership: Membership?, _ number: UInt64, _ expiry: UInt32
    ) throws -> Envelope {
        guard
            let envelope = Envelope(
                authored: [UInt8](repeating: 1, count: Int(number % 50)), in: topic,
                expiryDay: UTCDay(number: expiry), salt: Bytes32(integer: UInt128(number)),
                validUntil: time + 86_400, membership: membership, key: key, domain: domain)
        else { throw CanonicalError.truncated }
        return envelope
    }

    /// A place on one of the owner's lists; they overlap, and each has other salts.
    private func membership(
        _ member: SecretKey, version: UInt64, of topic: ClosedTopic? = nil, by signer: SecretKey? = nil,
        from: UInt64? = nil, until: UInt64? = nil
    ) throws -> Membership {
        let tree = try MemberTree(
            members: Self.members.map(\.address), secret: Bytes32(integer: UInt128(version)))
        let start = from ?? time - 100 * (version + 1)
        let list = try MemberList(
            topic: (topic ?? self.topic).id, version: version, from: start,
            until: until ?? start + 86_400, root: tree.root)
        guard let place = tree.place(of: member.address) else { throw CanonicalError.truncated }
        return Membership(
            list: list, signature: (signer ?? owner).sign(domain.digest(of: list.statement)), salt: place.salt,
            index: place.index, path: place.path)
    }
}
