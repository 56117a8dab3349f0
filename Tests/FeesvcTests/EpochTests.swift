import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

struct EpochTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let owner = SecretKey(seed: 1, label: "owner")
    private var topic: Topic { Topic(owner: owner.address, salt: SHA256.hash([1])) }
    private let edge = ServiceFixture.start + ServiceFixture.epochLength

    private func payOpening(_ fixture: ServiceFixture) async throws -> (Receipt, Envelope, Bytes32) {
        let channel = try await fixture.channel(key, deposit: 10_000_000_000)
        let envelope = fixture.envelope("a", topic: topic)
        let receipts = try await fixture.pay(
            fixture.voucher(
                [fixture.item(envelope, postage: 1_000_000_000)], channel: channel, key: key, sequence: 1,
                ceiling: 2_000_000_000))
        return (try #require(receipts.first), envelope, channel)
    }

    private func welcome(_ envelope: Envelope, _ fixture: ServiceFixture) -> Welcome {
        let statement = WelcomeStatement(topic: topic.id, envelopeHash: envelope.hash)
        return Welcome(
            head: envelope.head, topic: topic, signature: owner.sign(fixture.service.domain.digest(of: statement)))
    }

    @Test func `a welcome gives postage back once, and only within its window`() async throws {
        try await ServiceFixture.run { fixture in
            let (receipt, envelope, channel) = try await payOpening(fixture)
            let welcome = welcome(envelope, fixture)
            try await fixture.advance(to: ServiceFixture.start + 259_199)
            #expect(try await fixture.service.welcome(welcome, charge: receipt.charge.number) == 1_000_000_000)
            #expect(try await fixture.available(channel) == 9_960_148_320)
            await #expect { try await fixture.service.welcome(welcome, charge: receipt.charge.number) } throws: {
                ($0 as? Refusal)?.code == "welcome/decided"
            }
        }
    }

    @Test func `postage that nobody welcomed is captured when its window has ended`() async throws {
        try await ServiceFixture.run { fixture in
            let (receipt, envelope, _) = try await payOpening(fixture)
            try await fixture.advance(to: ServiceFixture.start + 259_200)
            #expect(try await fixture.balance(.held(.postage)) == .zero)
            #expect(try await fixture.balance(.pool(1)) == Amount(1_000_000_000 + 3 * 22 * 1_024))
            await #expect {
                try await fixture.service.welcome(welcome(envelope, fixture), charge: receipt.charge.number)
            } throws: {
                ($0 as? Refusal)?.code == "welcome/decided"
            }
        }
    }

    @Test func `what fell due while nobody looked is done in order, each at its own time`() async throws {
        try await ServiceFixture.run { fixture in
            _ = try await payOpening(fixture)
            try await fixture.advance(to: edge + 2 * UTCDay.seconds)
            let leaves = try await fixture.service.read { try await LogStore($0).leaves(0..<100) }
            let due = leaves.filter { [.midnight, .postage, .cut, .edge].contains($0.kind) }
            #expect(
                due.map(\.kind) == [
                    .midnight, .midnight, .midnight, .postage, .midnight, .edge, .midnight, .cut, .midnight,
                ])
            #expect(due.map(\.time) == due.map(\.time).sorted())
            #expect(leaves.map(\.index) == Array(0..<UInt64(leaves.count)))
        }
    }

    @Test func `an acknowledged message that no majority holds goes back whole; others are captured`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            let envelopes = ["lost", "held", "silent"].map { fixture.envelope($0, topic: topic) }
            let receipts = try await fixture.pay(
                fixture.voucher(
                    envelopes.map { fixture.item($0) }, channel: channel, key: key, sequence: 1,
                    ceiling: 6_000_000_000))
            for receipt in receipts.prefix(2) {
                let acknowledgement = Acknowledgement(
                    node: 1, event: .zero, charge: receipt.charge.number, envelopeHash: receipt.charge.envelopeHash,
                    time: ServiceFixture.start)
                try await fixture.service.keep(
                    acknowledgement,
                    signature: ServiceFixture.nodeKey(1).sign(
                        fixture.service.domain.digest(of: acknowledgement.statement)))
            }
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver(node <= 2 ? [1, 2] : [2], epoch: 1, node: node) }
            try await fixture.advance(to: edge + UTCDay.seconds)

            // Charge 1: 2 of 4 is no majority. Charge 3 was never published: no acknowledgement, no refund.
            let refunds = try await fixture.service.read { try await ReportStore($0).refunds(in: 2) }
            #expect(refunds.map(\.refund.charge) == [1, 1])
            #expect(refunds.map(\.refund.part) == ["base", "storage"])
            #expect(refunds.map(\.refund.amount) == [38_500_000, Amount(55 * 22 * 1_024)])
            #expect(try await fixture.balance(.held(.base)) == .zero)
            #expect(try await fixture.balance(.held(.storage)) == Amount(2 * 55 * 22 * 1_024))
            let conservation = try await fixture.conservation()
            #expect(conservation.custody == conservation.liabilities)
        }
    }

    @Test func `an epoch is sealed, attested by more than two thirds, claimed once, exported twice alike`() async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            _ = try await payOpening(fixture)
            try await fixture.advance(to: edge)
            try await fixture.observeAll(4, epoch: 1)
            let result = try await fixture.service.seal(1)
            #expect(result.pool == Amount(1_000_000_000 + 4 * 22 * 1_024))
            #expect(try result.rewards.adding(result.dust) == result.pool)
            #expect(try await fixture.service.seal(1) == result)

            let row = try #require(result.rows.first)
            let claim = RewardClaim(
                epoch: 1, node: row.node, payout: row.payout, cumulative: row.cumulative,
                proof: try #require(RewardTree(result.rows)?.proof(of: row.node)))
            await #expect { try await fixture.service.pay(claim) } throws: {
                ($0 as? Refusal)?.code == "claim/not-attested"
            }
            var isAttested: [Bool] = []
            for number in 1...3 {
                let key = ServiceFixture.operatorKey(number)
                isAttested.append(
                    try await fixture.service.attest(
                        epoch: 1, operatorAddress: key.address,
                        signature: key.sign(fixture.service.domain.digest(of: result.attestation))))
            }
            #expect(isAttested == [false, false, true])
            #expect(try await fixture.service.pay(claim) == row.reward)
            #expect(try await fixture.service.pay(claim) == .zero)
            let forged = RewardClaim(
                epoch: 1, node: row.node, payout: row.payout, cumulative: .max, proof: claim.proof)
            await #expect { try await fixture.service.pay(forged) } throws: { ($0 as? Refusal)?.code == "claim/proof" }

            let exports = try await ["a", "b"].asyncMap { name in
                try await ExportCommand.export(fixture.pool, epoch: 1, out: fixture.directory + "/" + name)
            }
            for file in try FileManager.default.contentsOfDirectory(atPath: exports[0][0]) {
                #expect(
                    FileManager.default.contents(atPath: exports[0][0] + "/" + file)
                        == FileManager.default.contents(atPath: exports[1][0] + "/" + file))
            }
            var audited: [UInt64] = []
            try DirectoryChain.audit(exports[0][0]) { audited.append($0.epoch) }
            #expect(audited == [1])
        }
    }

    @Test func `numbers that no charge and no epoch can have are unknown, and no failure`() async throws {
        try await ServiceFixture.run { fixture in
            let (_, envelope, _) = try await payOpening(fixture)
            for number in [UInt64(Int64.max), UInt64(Int64.max) + 1, .max] {
                await #expect {
                    try await fixture.service.welcome(welcome(envelope, fixture), charge: number)
                } throws: {
                    ($0 as? Refusal)?.code == "welcome/unknown-charge"
                }
                let claim = RewardClaim(epoch: number, node: 1, payout: .zero, cumulative: 1, proof: [])
                await #expect { try await fixture.service.pay(claim) } throws: {
                    ($0 as? Refusal)?.code == "claim/unknown-epoch"
                }
            }
        }
    }

    @Test func `money that comes to a closed channel is payable to its payer`() async throws {
        try await ServiceFixture.run { fixture in
            let (receipt, envelope, channel) = try await payOpening(fixture)
            let close = CloseChannel(channelID: channel, charged: 1_039_851_680, validUntil: edge)
            let returned = try await fixture.service.close(
                close, signature: key.sign(fixture.service.domain.digest(of: close)))
            #expect(returned == 8_960_148_320)
            _ = try await fixture.service.welcome(welcome(envelope, fixture), charge: receipt.charge.number)
            try await fixture.deposit(5, to: channel, reference: SHA256.hash([9]))
            #expect(try await fixture.balance(.payable(key.address)) == 9_960_148_325)
            #expect(try await fixture.available(channel) == .zero)
        }
    }

    @Test func `a settlement reference counts once and can't be used for something else`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100)
            let reference = SHA256.hash([3])
            try await fixture.deposit(50, to: channel, reference: reference)
            try await fixture.deposit(50, to: channel, reference: reference)
            #expect(try await fixture.balance(.custody) == 150)
            await #expect { try await fixture.deposit(51, to: channel, reference: reference) } throws: {
                ($0 as? Refusal)?.code == "settlement/reference"
            }
        }
    }
}

extension Sequence {
    fileprivate func asyncMap<Value>(_ transform: (Element) async throws -> Value) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
