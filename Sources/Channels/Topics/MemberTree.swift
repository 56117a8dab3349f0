public import Primitives

/// Why a list of members is not made.
public enum MemberTreeRefusal: Error, Hashable, Sendable {
    /// Nobody is on it: the rule "owner only" needs no list.
    case empty
    /// More members than ``MemberTree/membersMax``.
    case tooLarge(limit: Int, found: Int)
    /// Somebody is named twice.
    case twice(Address)
}

/// The tree of the members of one list; the owner's side.
///
/// Its leaves ascend by hash, so nobody's place says anything, and those between the members and the next power of two belong to
/// nobody: how long a path is tells the number of members up to a factor of two.
public struct MemberTree: Sendable {
    /// The most members of a list.
    public static let membersMax = 1 << Membership.depthMax

    /// What a member's leaf is salted with, and where it stands.
    public struct Place: Hashable, Sendable {
        /// The leaf's salt.
        public let salt: Bytes32
        /// Its place.
        public let index: UInt32
        /// Its siblings up to the root.
        public let path: [Bytes32]
    }

    /// Hashes by level, leaves first, the root last.
    private let levels: [[Bytes32]]
    private let secret: Bytes32

    /// Makes the tree. `secret` is random and another for each list: salts follow from it.
    public init(members: [Address], secret: Bytes32) throws(MemberTreeRefusal) {
        guard !members.isEmpty else { throw .empty }
        guard members.count <= Self.membersMax else {
            throw .tooLarge(limit: Self.membersMax, found: members.count)
        }
        var seen: Set<Address> = []
        for member in members where !seen.insert(member).inserted { throw .twice(member) }
        var places = 1
        while places < members.count { places *= 2 }
        let strangers = (0..<places - members.count).map { place in
            MerkleLog.leafHash(Self.salt(secret, "nobody", Bytes32(integer: UInt128(place))).bytes)
        }
        let leaves = members.map { Self.leafHash($0, salt: Self.salt(secret, "member", Bytes32($0))) }
        var levels = [(leaves + strangers).sorted()]
        while let last = levels.last, last.count > 1 {
            levels.append(
                stride(from: 0, to: last.count, by: 2).map { MerkleLog.nodeHash(last[$0], last[$0 + 1]) })
        }
        self.levels = levels
        self.secret = secret
    }

    /// The root.
    public var root: Bytes32 { levels[levels.count - 1][0] }

    /// Where a member stands; `nil` where it is none.
    public func place(of member: Address) -> Place? {
        let salt = Self.salt(secret, "member", Bytes32(member))
        guard let index = levels[0].firstIndex(of: Self.leafHash(member, salt: salt)) else { return nil }
        var place = index
        var path: [Bytes32] = []
        for level in levels.dropLast() {
            path.append(level[place ^ 1])
            place /= 2
        }
        return Place(salt: salt, index: UInt32(index), path: path)
    }

    /// SHA-256(0x00 ‖ `tagged "feesvc/member/1": addr member, b32 salt`).
    static func leafHash(_ member: Address, salt: Bytes32) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/member/1")
        encoder.append(member)
        encoder.append(salt)
        return MerkleLog.leafHash(encoder.bytes)
    }

    /// SHA-256 of `tagged "feesvc/member-salt/1": b32 secret, text use, b32 of`: the owner's own business, nobody else needs it.
    private static func salt(_ secret: Bytes32, _ use: String, _ of: Bytes32) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/member-salt/1")
        encoder.append(secret)
        encoder.append(use)
        encoder.append(of)
        return SHA256.hash(encoder.bytes)
    }
}
