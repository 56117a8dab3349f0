import Channels
import Primitives
import Testing

@Suite struct AuthorCheckTests {
    private static func domain() throws -> EIP712Domain {
        let domain = try Vector.file(.protocol)["domain"]
        return EIP712Domain(
            chainID: try #require(Bytes32(decimal: try domain["chainId"].text)),
            verifyingContract: try domain["verifyingContract"].address)
    }

    private static func envelope(_ vector: Vector) throws -> Envelope {
        let head = try EnvelopeHead(canonicalBytes: vector["head"].bytes)
        return try #require(Envelope(head: head, payload: try vector["payload"].bytes))
    }

    private static func refusal(_ envelope: Envelope, logged: UInt64, _ domain: EIP712Domain) -> AuthorRefusal? {
        do throws(AuthorRefusal) {
            try AuthorCheck(envelope, logged: logged).checkSignatures(in: domain)
            return nil
        } catch {
            return error
        }
    }

    private static func cases() throws -> [Vector] { try Vector.file(.protocol)["authors"]["cases"].list }

    @Test func `every message of the vectors is judged as they say`() throws {
        let domain = try Self.domain()
        var codes: Set<String> = []
        for one in try Self.cases() {
            let found = Self.refusal(try Self.envelope(one), logged: try one["logged"].u64, domain)
            #expect(found?.code ?? "" == (try one["verdict"].text), "\(one.title)")
            if let found { codes.insert(found.code) }
        }
        #expect(
            codes == [
                "author/form", "author/not-the-topic", "author/not-the-owner", "author/late", "author/no-list",
                "author/other-topic", "author/not-yet", "author/ended", "author/not-a-member", "author/signature",
                "author/list-signature",
            ])
    }

    @Test func `signatures are for one instance`() throws {
        let elsewhere = EIP712Domain(chainID: Bytes32(integer: 1), verifyingContract: .zero)
        for one in try Self.cases() where try one["verdict"].text.isEmpty {
            let envelope = try Self.envelope(one)
            guard ClosedTopic.isClosed(envelope.head.topic) else { continue }
            #expect(
                Self.refusal(envelope, logged: try one["logged"].u64, elsewhere) == .signature, "\(one.title)")
        }
    }

    @Test func `no bit of a payload may be another`() throws {
        let domain = try Self.domain()
        let one = try #require(try Self.cases().first { $0.title == "a member" })
        let (good, logged) = (try Self.envelope(one), try one["logged"].u64)
        for place in good.payload.indices {
            var payload = good.payload
            payload[place] ^= 1
            let changed = Envelope(
                topic: good.head.topic, expiryDay: good.head.expiryDay, salt: good.head.salt, payload: payload)
            #expect(Self.refusal(changed, logged: logged, domain) != nil, "byte \(place)")
        }
        for count in good.payload.indices {
            let cut = Envelope(
                topic: good.head.topic, expiryDay: good.head.expiryDay, salt: good.head.salt,
                payload: Array(good.payload[..<count]))
            #expect(Self.refusal(cut, logged: logged, domain)?.code == "author/form", "first \(count) bytes")
        }
    }

    @Test func `what is sealed for an author is admitted, and its proof is the smallest there is`() throws {
        let domain = try Self.domain()
        let (owner, member) = (SecretKey(seed: 1, label: "owner"), SecretKey(seed: 1, label: "member"))
        let topic = ClosedTopic(rule: .members, owner: owner.address, salt: SHA256.hash([1]))
        let membership = try Membership.of(member.address, among: 3, in: topic, by: owner, domain: domain)
        for key in [owner, member] {
            let envelope = try #require(
                Envelope(
                    authored: [1, 2, 3], in: topic, expiryDay: UTCDay(number: 20_600), salt: SHA256.hash([2]),
                    validUntil: 500, membership: membership, key: key, domain: domain))
            #expect(Self.refusal(envelope, logged: 500, domain) == nil)
            #expect(Self.refusal(envelope, logged: 501, domain) == .late(validUntil: 500, logged: 501))
            let payload = try AuthoredPayload(canonicalBytes: envelope.payload)
            #expect(payload.message == [1, 2, 3])
            #expect((payload.membership == nil) == (key.address == owner.address))
        }
        let tooLarge = Envelope(
            authored: [UInt8](repeating: 0, count: EnvelopeHead.payloadBytesMax), in: topic,
            expiryDay: UTCDay(number: 20_600), salt: .zero, validUntil: 500, membership: membership, key: member,
            domain: domain)
        #expect(tooLarge == nil)
    }
}

extension Membership {
    /// A place on a list of `count` members that counts from 0 until 1,000.
    static func of(
        _ member: Address, among count: UInt64, in topic: ClosedTopic, by owner: SecretKey, domain: EIP712Domain
    ) throws -> Membership {
        let others = (1..<count).map { SecretKey(seed: $0, label: "other").address }
        let tree = try MemberTree(members: [member] + others, secret: SHA256.hash([3]))
        let list = try MemberList(topic: topic.id, version: 1, from: 0, until: 1_000, root: tree.root)
        let place = try #require(tree.place(of: member))
        return Membership(
            list: list, signature: owner.sign(domain.digest(of: list.statement)), salt: place.salt, index: place.index,
            path: place.path)
    }
}
