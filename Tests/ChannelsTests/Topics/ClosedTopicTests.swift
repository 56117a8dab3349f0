import Channels
import Primitives
import Testing

@Suite struct ClosedTopicTests {
    private let owner = SecretKey(seed: 1, label: "owner")
    private let domain = EIP712Domain(chainID: Bytes32(integer: 31_337), verifyingContract: .zero)

    @Test func `the ids are the vectors'`() throws {
        let authors = try Vector.file(.protocol)["authors"]
        for rule in TopicRule.allCases {
            let topic = ClosedTopic(rule: rule, owner: try authors["owner"].address, salt: try authors["salt"].word)
            #expect(topic.id == (try authors["topics"]["\(rule)"].word))
            #expect(Array(topic.id.bytes.suffix(6)) == Array("closed".utf8))
            #expect(topic.id.bytes.prefix(26) == topic.topic.id.bytes.prefix(26))
        }
    }

    @Test func `an id is closed by its last six bytes and nothing else`() {
        let id = ClosedTopic(rule: .owner, owner: owner.address, salt: .zero).id
        #expect(ClosedTopic.isClosed(id))
        for place in 0..<32 {
            for bit in 0..<8 as Range<UInt8> {
                var bytes = id.bytes
                bytes[place] ^= 1 << bit
                #expect(Bytes32(bytes).map(ClosedTopic.isClosed) == (place < 26), "byte \(place), bit \(bit)")
            }
        }
        for salt in 0..<1_000 as Range<UInt128> {
            #expect(!ClosedTopic.isClosed(Topic(owner: owner.address, salt: Bytes32(integer: salt)).id))
        }
    }

    @Test func `an id commits to rule, owner and salt`() {
        let topic = ClosedTopic(rule: .members, owner: owner.address, salt: SHA256.hash([1]))
        let others = [
            ClosedTopic(rule: .owner, owner: topic.owner, salt: topic.salt),
            ClosedTopic(rule: .members, owner: SecretKey(seed: 2, label: "owner").address, salt: topic.salt),
            ClosedTopic(rule: .members, owner: topic.owner, salt: SHA256.hash([2])),
        ]
        #expect(topic.topic.isCommitted(by: topic.id))
        for other in others {
            #expect(other.id != topic.id)
            #expect(!other.topic.isCommitted(by: topic.id))
        }
        // The salt that evidence shows makes no open topic of it.
        #expect(!topic.topic.isCommitted(by: Topic(owner: topic.owner, salt: topic.salt).id))
        #expect(topic.topic.id != topic.id)
        let open = Topic(owner: owner.address, salt: .zero)
        #expect(open.isCommitted(by: open.id) && !topic.topic.isCommitted(by: open.id))
    }

    @Test func `the owner of a closed topic welcomes and deletes as others do`() throws {
        for rule in TopicRule.allCases {
            let topic = ClosedTopic(rule: rule, owner: owner.address, salt: .zero)
            let head = Envelope(topic: topic.id, expiryDay: UTCDay(number: 20_514), salt: .zero, payload: []).head
            let statement = DeletionStatement(topic: head.topic, envelopeHash: head.hash)
            let signature = owner.sign(domain.digest(of: statement))
            try Deletion(head: head, topic: topic.topic, signature: signature).check(domain: domain)
            #expect(throws: DeletionRefusal.notTheTopic) {
                try Deletion(
                    head: head, topic: Topic(owner: owner.address, salt: topic.salt), signature: signature
                ).check(domain: domain)
            }
            let welcome = Welcome(
                head: head, topic: topic.topic,
                signature: owner.sign(
                    domain.digest(of: WelcomeStatement(topic: head.topic, envelopeHash: head.hash))))
            let charged = Welcome.Charged(payer: .zero, signers: [], held: 7, due: 9)
            #expect(try welcome.decide(charged, domain: domain, now: 8) == 7)
        }
    }
}
