public import Primitives

/// What shows that somebody is on a list that a topic's owner signed: the list, and the way from a member to its root.
///
/// It names its member only by a salted hash, so nothing of it tells anything about another member, and who has seen it can't
/// publish with it: that takes the member's key.
public struct Membership: Hashable, Sendable {
    /// The longest way to a root: a list has at most 2^16 places.
    public static let depthMax = 16
    /// The largest membership in canonical bytes.
    public static let bytesMax = 1_024

    /// The list.
    public let list: MemberList
    /// The topic owner's signature on it.
    public let signature: Signature
    /// Hides the member from who sees another's way to the root.
    public let salt: Bytes32
    /// The member's place among the leaves.
    public let index: UInt32
    /// The siblings from the leaf to the root.
    public let path: [Bytes32]

    /// Puts a membership together; its path is at most ``depthMax`` long.
    public init(list: MemberList, signature: Signature, salt: Bytes32, index: UInt32, path: [Bytes32]) {
        self.list = list
        self.signature = signature
        self.salt = salt
        self.index = index
        self.path = path
    }

    /// `tagged "feesvc/membership/1": bytes list, sig, b32 salt, u32 index, list<b32> path`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/membership/1")
        encoder.append(list.canonicalBytes)
        encoder.append(signature)
        encoder.append(salt)
        encoder.append(index)
        encoder.append(list: path) { $0.append($1) }
        return encoder.bytes
    }

    /// Reads canonical bytes; nothing is believed before it is checked.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/membership/1")
        list = try MemberList(canonicalBytes: try decoder.readBytes(limit: MemberList.bytesMax))
        signature = try decoder.readSignature()
        salt = try decoder.readBytes32()
        index = try decoder.readUInt32()
        path = try decoder.readList(limit: Self.depthMax) { decoder throws(CanonicalError) in
            try decoder.readBytes32()
        }
        try decoder.finish()
        guard index < 1 << UInt32(path.count) else { throw .outOfRange(field: "index") }
    }

    /// Tells whether the path leads from a member's leaf to the list's root.
    public func isOf(_ member: Address) -> Bool {
        let leaf = MemberTree.leafHash(member, salt: salt)
        return MerkleLog.root(ofLeaf: leaf, index: UInt64(index), size: 1 << UInt64(path.count), path: path)
            == list.root
    }

    /// Decides whether a member's message may be charged at `logged` in a topic: everything but the signature.
    func checkForm(of member: Address, in topic: Bytes32, logged: UInt64) throws(AuthorRefusal) {
        guard list.topic == topic else { throw .otherTopic(found: list.topic) }
        guard logged >= list.from else { throw .notYet(from: list.from, logged: logged) }
        guard logged < list.until else { throw .ended(until: list.until, logged: logged) }
        guard isOf(member) else { throw .notAMember(member) }
    }

    /// Tells whether the owner signed the list.
    func isSigned(by owner: Address, in domain: EIP712Domain) -> Bool {
        signature.isBy(owner, over: domain.digest(of: list.statement))
    }
}
