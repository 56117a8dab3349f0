import Channels
import Primitives
import Testing

@Suite struct WelcomeTests {
    private let domain = EIP712Domain(chainID: Bytes32(integer: 31_337), verifyingContract: .zero)
    private let owner = SecretKey(seed: 1, label: "owner")
    private let payer = SecretKey(seed: 1, label: "payer")
    private let signer = SecretKey(seed: 1, label: "signer")

    private func welcome(
        topic: Topic? = nil, by key: SecretKey? = nil, head: (Bytes32) -> EnvelopeHead = WelcomeTests.head
    ) -> Welcome {
        let topic = topic ?? Topic(owner: owner.address, salt: SHA256.hash([7]))
        let head = head(topic.id)
        let statement = WelcomeStatement(topic: head.topic, envelopeHash: head.hash)
        return Welcome(head: head, topic: topic, signature: (key ?? owner).sign(domain.digest(of: statement)))
    }

    private static func head(_ topic: Bytes32) -> EnvelopeHead {
        EnvelopeHead(
            topic: topic, expiryDay: UTCDay(number: 20_514), salt: SHA256.hash([1]), payloadBytes: 1_024,
            payloadHash: SHA256.hash([2]))
    }

    private func charged(_ held: Amount? = 5_000_000, due: UInt64 = 1_000) -> Welcome.Charged {
        Welcome.Charged(payer: payer.address, signers: [signer.address], held: held, due: due)
    }

    private func refusal(
        _ welcome: Welcome, _ facts: Welcome.Charged? = nil, domain other: EIP712Domain? = nil, now: UInt64 = 0
    ) -> WelcomeRefusal? {
        do throws(WelcomeRefusal) {
            _ = try welcome.decide(facts ?? charged(), domain: other ?? domain, now: now)
            return nil
        } catch {
            return error
        }
    }

    @Test func `a good welcome gives all of the postage back`() throws {
        #expect(try welcome().decide(charged(), domain: domain, now: 0) == 5_000_000)
        #expect(try welcome().decide(charged(1), domain: domain, now: 0) == 1)
    }

    @Test func `it is in time up to the last second of the window`() {
        for (now, isGood): (UInt64, Bool) in [
            (0, true), (998, true), (999, true), (1_000, false), (1_001, false), (.max, false),
        ] {
            #expect(refusal(welcome(), now: now) == (isGood ? nil : .late(due: 1_000)), "\(now)")
        }
    }

    @Test func `postage that was decided, or never was, does not go back`() {
        #expect(refusal(welcome(), charged(nil)) == .decided)
        #expect(refusal(welcome(), charged(0)) == .noPostage)
    }

    @Test func `who pays for a message cannot welcome it`() {
        for key in [payer, signer] {
            let own = Topic(owner: key.address, salt: .zero)
            #expect(refusal(welcome(topic: own, by: key)) == .ownMessage)
        }
    }

    @Test func `L16: only the owner's signature counts, over this topic, envelope and instance`() {
        for key in [payer, signer, SecretKey(seed: 2, label: "owner")] {
            #expect(refusal(welcome(by: key)) == .signature)
        }
        let others = [
            EIP712Domain(chainID: Bytes32(integer: 1), verifyingContract: .zero),
            EIP712Domain(chainID: domain.chainID, verifyingContract: owner.address),
        ]
        for other in others { #expect(refusal(welcome(), domain: other) == .signature) }
        let elsewhere = welcome { _ in Self.head(.zero) }
        #expect(refusal(elsewhere) == .notTheTopic)
    }

    private static func flipped(_ word: Bytes32, _ bit: Int) throws -> Bytes32 {
        var bytes = word.bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return try #require(Bytes32(bytes))
    }

    @Test func `L16: one flipped bit in any field pays nothing`() throws {
        let good = welcome()
        let (head, topic) = (good.head, good.topic)
        func with(
            topic id: Bytes32? = nil, day: UInt32? = nil, salt: Bytes32? = nil, bytes: UInt32? = nil,
            hash: Bytes32? = nil
        ) -> Welcome {
            let other = EnvelopeHead(
                topic: id ?? head.topic, expiryDay: UTCDay(number: day ?? head.expiryDay.number),
                salt: salt ?? head.salt, payloadBytes: bytes ?? head.payloadBytes,
                payloadHash: hash ?? head.payloadHash)
            return Welcome(head: other, topic: topic, signature: good.signature)
        }
        for bit in 0..<256 {
            #expect(refusal(with(topic: try Self.flipped(head.topic, bit))) == .notTheTopic, "topic, bit \(bit)")
            #expect(refusal(with(salt: try Self.flipped(head.salt, bit))) == .signature, "salt, bit \(bit)")
            #expect(refusal(with(hash: try Self.flipped(head.payloadHash, bit))) == .signature, "hash, bit \(bit)")
            let salted = Topic(owner: topic.owner, salt: try Self.flipped(topic.salt, bit))
            let welcome = Welcome(head: head, topic: salted, signature: good.signature)
            #expect(refusal(welcome) == .notTheTopic, "topic salt, bit \(bit)")
        }
        for bit in 0..<32 {
            #expect(refusal(with(day: head.expiryDay.number ^ 1 << bit)) == .signature, "day, bit \(bit)")
            #expect(refusal(with(bytes: head.payloadBytes ^ 1 << bit)) == .signature, "bytes, bit \(bit)")
        }
        for bit in 0..<160 {
            var bytes = topic.owner.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            let stolen = Topic(owner: try #require(Address(bytes)), salt: topic.salt)
            let welcome = Welcome(head: head, topic: stolen, signature: good.signature)
            #expect(refusal(welcome) == .notTheTopic, "owner, bit \(bit)")
        }
        for bit in 0..<520 {
            var bytes = good.signature.bytes
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            guard let signature = try? Signature(bytes) else { continue }
            let welcome = Welcome(head: head, topic: topic, signature: signature)
            #expect(refusal(welcome) == .signature, "signature, bit \(bit)")
        }
    }

    @Test func `the welcome of the vectors is good and is named by its hash`() throws {
        let file = try Vector.file(.protocol)
        let form = try #require(try file["forms"].list.first { $0.title == "welcome" })
        let instance = EIP712Domain(
            chainID: Bytes32(integer: 31_337), verifyingContract: try file["domain"]["verifyingContract"].address)
        let welcome = try Welcome(canonicalBytes: form["bytes"].bytes)
        let facts = Welcome.Charged(
            payer: try file["channel"]["payer"].address, signers: [try file["channel"]["signer"].address],
            held: 5_000_000, due: 10)
        #expect(try welcome.decide(facts, domain: instance, now: 9) == 5_000_000)
        #expect(welcome.hash == (try form["sha256"].word))
    }

    @Test func `every refusal has a code of its own and a sentence`() {
        let all: [WelcomeRefusal] = [.notTheTopic, .signature, .ownMessage, .noPostage, .decided, .late(due: 1)]
        #expect(
            all.map(\.code) == [
                "welcome/not-the-topic", "welcome/signature", "welcome/own-message", "welcome/no-postage",
                "welcome/decided", "welcome/late",
            ])
        for refusal in all { #expect(refusal.detail.hasSuffix("."), "\(refusal.detail)") }
    }
}
