import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

struct VoucherTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))

    @Test func `a charge is on record before it is acknowledged, and its receipt proves it`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            let item = fixture.item(fixture.envelope("a", topic: topic))
            let receipts = try await fixture.pay(
                fixture.voucher([item], channel: channel, key: key, sequence: 1, ceiling: 2_000_000_000))
            let receipt = try #require(receipts.first)
            let genesis = fixture.service.genesis
            try receipt.check(logID: genesis.logID, logKey: genesis.logKey, domain: genesis.domain)
            #expect(try receipt.charge.price.total == 39_851_680)
            #expect(try await fixture.balance(.held(.base)) == 38_500_000)
            #expect(try await fixture.balance(.held(.storage)) == 1_351_680)
            #expect(try await fixture.available(channel) == 9_960_148_320)
            let conservation = try await fixture.conservation()
            #expect(conservation.custody == conservation.liabilities)
        }
    }

    @Test func `the same voucher again costs nothing and gets the receipt of the same leaf`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            let voucher = fixture.voucher(
                [fixture.item(fixture.envelope("a", topic: topic))], channel: channel, key: key, sequence: 1,
                ceiling: 2_000_000_000)
            let first = try await fixture.pay(voucher)
            let size = await fixture.service.state.tree.size
            let second = try await fixture.pay(voucher)
            #expect(first.map(\.leaf) == second.map(\.leaf))
            #expect(await fixture.service.state.tree.size == size)
        }
    }

    @Test func `an item that was paid before is left out, the others of its voucher are charged`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            let items = ["a", "b"].map { fixture.item(fixture.envelope($0, topic: topic)) }
            _ = try await fixture.pay(
                fixture.voucher([items[0]], channel: channel, key: key, sequence: 1, ceiling: 2_000_000_000))
            let receipts = try await fixture.pay(
                fixture.voucher(items, channel: channel, key: key, sequence: 2, ceiling: 4_000_000_000))
            #expect(receipts.map(\.charge.number) == [1, 2])
            #expect(try await fixture.balance(.held(.base)) == 77_000_000)
        }
    }

    @Test func `a refused voucher moves nothing and does not spoil its batch`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 50_000_000)
            let stranger = SecretKey(seed: 1, label: "stranger")
            let items = ["a", "b", "c", "d"].map { fixture.item(fixture.envelope($0, topic: topic)) }
            let refused = [
                fixture.voucher([items[0]], channel: channel, key: stranger, sequence: 1, ceiling: 45_000_000),
                fixture.voucher([items[1]], channel: channel, key: key, sequence: 1, ceiling: 50_000_001),
                fixture.voucher([items[2]], channel: channel, key: key, sequence: 1, ceiling: 39_851_679),
                fixture.voucher([items[0]], channel: .zero, key: key, sequence: 1, ceiling: 45_000_000),
            ]
            let good = fixture.voucher([items[3]], channel: channel, key: key, sequence: 1, ceiling: 39_851_680)
            let before = try await fixture.available(channel)
            let decisions = try await fixture.decide(refused)
            #expect(
                decisions == [
                    .failure(.unknownChannelOrSigner),
                    .failure(.deposit(ceilings: 50_000_001, coverage: 50_000_000)),
                    .failure(.ceilingTooLow(found: 39_851_679, needed: 39_851_680)),
                    .failure(.unknownChannelOrSigner),
                ])
            #expect(try await fixture.available(channel) == before)
            let mixed = try await fixture.decide(refused + [good])
            #expect(try mixed.last?.get().count == 1)
        }
    }

    @Test func `a voucher for another chain recovers to a stranger`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 50_000_000)
            let other = EIP712Domain(
                chainID: Bytes32(integer: 1), verifyingContract: fixture.service.domain.verifyingContract)
            let voucher = fixture.voucher(
                [fixture.item(fixture.envelope("a", topic: topic))], channel: channel, key: key, sequence: 1,
                ceiling: 45_000_000, domain: other)
            let decisions = try await fixture.decide([voucher])
            #expect(decisions == [.failure(.unknownChannelOrSigner)])
        }
    }

    @Test func `requests at once share transactions, and every voucher is charged exactly once`() async throws {
        try await ServiceFixture.run { fixture in
            let pipeline = VoucherPipeline(fixture.service)
            let keys = (0..<12).map { SecretKey(seed: 2, label: "payer/\($0)") }
            var vouchers: [[RecoveredVoucher]] = []
            for key in keys {
                let channel = try await fixture.channel(key, deposit: 1_000_000_000)
                vouchers.append(
                    (1...5).map { number in
                        let item = fixture.item(fixture.envelope("\(key.address)/\(number)", topic: topic))
                        return RecoveredVoucher(
                            signed: fixture.voucher(
                                [item], channel: channel, key: key, sequence: UInt64(number),
                                ceiling: Amount(UInt128(number) * 40_000_000)), signer: key.address)
                    })
            }
            let indexes = try await withThrowingTaskGroup(of: [UInt64].self) { group in
                for request in vouchers {
                    group.addTask { try await pipeline.submit(request).flatMap { try $0.get() } }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(Set(indexes).count == 60)
            #expect(await fixture.service.state.chargeCount == 60)
            #expect(try await fixture.balance(.held(.base)) == Amount(60 * 38_500_000))
            let entries = try await fixture.service.read { try await ReportStore($0).entries(1..<10_000) }
            #expect(entries.map(\.number) == Array(1...UInt64(entries.count)))
        }
    }

    @Test func `what comes while too much waits is told so before anything of it is looked at, and has room later`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            let pipeline = VoucherPipeline(fixture.service)
            try await pipeline.withRoom(for: VoucherPipeline.waitingMax - 1) {
                try await pipeline.withRoom(for: 1) {}
                await #expect {
                    try await pipeline.withRoom(for: 2) { Issue.record("it was let in") }
                } throws: {
                    ($0 as? Refusal)?.code == "service/busy" && ($0 as? Refusal)?.status == 429
                }
            }
            try await pipeline.withRoom(for: VoucherPipeline.waitingMax) {}
        }
    }

    @Test func `a restarted service goes on where it was, with the same receipts`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            var vouchers: [SignedVoucher] = []
            for number in 1...3 {
                vouchers.append(
                    fixture.voucher(
                        [fixture.item(fixture.envelope("\(number)", topic: topic))], channel: channel, key: key,
                        sequence: UInt64(number), ceiling: Amount(UInt128(number) * 40_000_000)))
            }
            let before = try await fixture.pay(vouchers[0])
            let reopened = try await fixture.reopened()
            #expect(try await reopened.pay(vouchers[0]).map(\.leaf) == before.map(\.leaf))
            let after = try await reopened.pay(vouchers[1])
            #expect(after.map(\.charge.number) == [2])
            await reopened.pool.close()
        }
    }

    @Test func `rows of log, journal and vouchers can't be changed`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            _ = try await fixture.pay(
                fixture.voucher(
                    [fixture.item(fixture.envelope("a", topic: topic))], channel: channel, key: key, sequence: 1,
                    ceiling: 2_000_000_000))
            for statement: SQL in [
                "UPDATE log_blocks SET time = time + 1", "DELETE FROM ledger_postings", "DELETE FROM voucher_blocks",
                "UPDATE charges SET base = base - 1", "UPDATE ledger_entries SET epoch = 2",
            ] {
                await #expect(throws: PostgresError.self) { try await fixture.pool.execute(statement) }
            }
        }
    }
}
