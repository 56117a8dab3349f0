import Channels
import Primitives
import Testing

@Suite struct MemberTreeTests {
    private let secret = SHA256.hash([9])

    private func members(_ count: Int) -> [Address] {
        (0..<count).map { SecretKey(seed: UInt64($0), label: "member").address }
    }

    private func list(_ tree: MemberTree) throws -> MemberList {
        try MemberList(topic: .zero, version: 1, from: 0, until: 1, root: tree.root)
    }

    @Test func `every member has a way to the root, and only with the own address`() throws {
        for count in [1, 2, 3, 4, 5, 8, 9, 33] {
            let members = members(count)
            let tree = try MemberTree(members: members, secret: secret)
            let list = try list(tree)
            let signature = SecretKey(seed: 1, label: "owner").sign(.zero)
            var indices: Set<UInt32> = []
            for member in members {
                let place = try #require(tree.place(of: member))
                indices.insert(place.index)
                let membership = Membership(
                    list: list, signature: signature, salt: place.salt, index: place.index, path: place.path)
                for other in members { #expect(membership.isOf(other) == (other == member), "\(count)") }
                #expect(try Membership(canonicalBytes: membership.canonicalBytes) == membership)
            }
            #expect(indices.count == count)
            #expect(tree.place(of: .zero) == nil)
        }
    }

    @Test func `the order in which members are named says nothing, another secret changes all`() throws {
        let members = members(5)
        let tree = try MemberTree(members: members, secret: secret)
        #expect(try MemberTree(members: members.reversed(), secret: secret).root == tree.root)
        #expect(try MemberTree(members: members, secret: SHA256.hash([8])).root != tree.root)
        #expect(try MemberTree(members: Array(members.dropLast()), secret: secret).root != tree.root)
    }

    @Test func `nobody, somebody twice, and too many are refused`() throws {
        #expect(throws: MemberTreeRefusal.empty) { try MemberTree(members: [], secret: secret) }
        let members = members(3)
        #expect(throws: MemberTreeRefusal.twice(members[1])) {
            try MemberTree(members: members + [members[1]], secret: secret)
        }
        let many = [Address](repeating: .zero, count: MemberTree.membersMax + 1)
        #expect(throws: MemberTreeRefusal.tooLarge(limit: 65_536, found: 65_537)) {
            try MemberTree(members: many, secret: secret)
        }
    }

    @Test func `a list's time is neither empty nor above 366 days`() {
        func refusal(_ from: UInt64, _ until: UInt64) -> CanonicalError? {
            do throws(CanonicalError) {
                _ = try MemberList(topic: .zero, version: 0, from: from, until: until, root: .zero)
                return nil
            } catch {
                return error
            }
        }
        let refused = CanonicalError.outOfRange(field: "until")
        #expect(refusal(5, 5) == refused && refusal(5, 4) == refused && refusal(0, 31_622_401) == refused)
        #expect(refusal(0, .max) == refused && refusal(.max, 0) == refused)
        #expect(refusal(0, 31_622_400) == nil && refusal(.max - 1, .max) == nil)
    }
}
