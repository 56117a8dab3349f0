import Channels
import Primitives
import Storage
import Testing

@testable import feesvc

struct LogConsistencyTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))

    @Test func `whoever kept a head is shown that the log only grew since`() async throws {
        try await ServiceFixture.run { fixture in
            let genesis = fixture.service.genesis
            var verifiers: [LogVerifier] = []
            func keepHead() throws {
                var verifier = LogVerifier(logID: genesis.logID, logKey: genesis.logKey, domain: genesis.domain)
                #expect(try verifier.judge(fixture.service.heads.head, proof: []) == .accepted)
                verifiers.append(verifier)
            }
            try keepHead()
            let channel = try await fixture.channel(key, deposit: 100_000_000_000)
            // Past two tiles of 256 leaves.
            for batch in 0..<9 {
                let items = (0..<64).map { fixture.item(fixture.envelope("\(batch)/\($0)", topic: topic)) }
                _ = try await fixture.pay(
                    fixture.voucher(
                        items, channel: channel, key: key, sequence: UInt64(batch + 1), ceiling: 100_000_000_000))
                try keepHead()
            }
            for place in verifiers.indices {
                let size = try #require(verifiers[place].newest?.head.size)
                let (head, proof) = try await fixture.service.receiptDesk.consistency(from: size)
                let isNewest = place == verifiers.count - 1
                #expect(try verifiers[place].judge(head, proof: proof) == (isNewest ? .older : .accepted))
                #expect(verifiers[place].newest == fixture.service.heads.head)
            }
            let size = fixture.service.heads.head.head.size
            await #expect { try await fixture.service.receiptDesk.consistency(from: size + 1) } throws: {
                ($0 as? Refusal)?.code == "log/size"
            }
        }
    }

    @Test func `after a restart, with nothing at hand, the proofs are the same`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100_000_000_000)
            for batch in 0..<5 {
                let items = (0..<64).map { fixture.item(fixture.envelope("\(batch)/\($0)", topic: topic)) }
                _ = try await fixture.pay(
                    fixture.voucher(
                        items, channel: channel, key: key, sequence: UInt64(batch + 1), ceiling: 100_000_000_000))
            }
            let size = fixture.service.heads.head.head.size
            var before: [[Bytes32]] = []
            for from in 0...size { before.append(try await fixture.service.receiptDesk.consistency(from: from).proof) }
            let reopened = try await fixture.reopened()
            for from in 0...size {
                #expect(
                    try await reopened.service.receiptDesk.consistency(from: from).proof == before[Int(from)],
                    "from \(from)")
            }
            await reopened.pool.close()
        }
    }
}
