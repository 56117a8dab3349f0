import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

struct VoucherScreenTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let stranger = SecretKey(seed: 1, label: "stranger")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))

    private func refusal(
        _ voucher: SignedVoucher, _ fixture: ServiceFixture
    ) async throws -> VoucherRefusal? {
        switch try await VoucherScreen(fixture.service).screen([voucher])[0] {
        case .success: nil
        case .failure(let refusal): refusal
        }
    }

    /// Which refusal a stranger's signature gets shows what was asked before it.
    @Test func `what is malformed, unknown or used up never reaches the signature`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            let items = ["a", "b"].map { fixture.item(fixture.envelope($0, topic: topic)) }
            _ = try await fixture.pay(
                fixture.voucher([items[0]], channel: channel, key: key, sequence: 5, ceiling: 2_000_000_000))

            func strangers(_ sequence: UInt64, _ items: [Item]) -> SignedVoucher {
                fixture.voucher(
                    items, channel: channel, key: stranger, sequence: sequence, ceiling: 4_000_000_000)
            }
            #expect(try await refusal(strangers(0, [items[1]]), fixture) == .sequenceRange(found: 0))
            #expect(
                try await refusal(strangers(UInt64(Int64.max) + 1, [items[1]]), fixture)
                    == .sequenceRange(found: UInt64(Int64.max) + 1))
            #expect(try await refusal(strangers(6, []), fixture) == .itemCount(found: 0))
            for used: UInt64 in [4, 5] {
                let refusal = try await refusal(strangers(used, [items[1]]), fixture)
                #expect(refusal == .sequence(found: used, newest: nil), "a stranger is not told the newest")
            }
            #expect(try await refusal(strangers(6, [items[1]]), fixture) == .unknownChannelOrSigner)
            // It asks for receipts again, which only the signer may.
            #expect(try await refusal(strangers(5, [items[0]]), fixture) == .unknownChannelOrSigner)
        }
    }

    @Test func `a repeated voucher passes under its used sequence, alone among used ones`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            let items = ["a", "b"].map { fixture.item(fixture.envelope($0, topic: topic)) }
            let first = fixture.voucher([items[0]], channel: channel, key: key, sequence: 1, ceiling: 2_000_000_000)
            let receipt = try await fixture.pay(first)
            let other = fixture.voucher([items[1]], channel: channel, key: key, sequence: 1, ceiling: 2_000_000_000)
            let decisions = try await fixture.decide([first, other])
            #expect(decisions == [.success([receipt[0].leaf.index]), .failure(.sequence(found: 1, newest: nil))])
        }
    }

    @Test func `a paid envelope in a newer voucher is found by the database, and the batch is decided again`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            let other = SecretKey(seed: 1, label: "other payer")
            let otherChannel = try await fixture.channel(other, deposit: 10_000_000_000)
            let item = fixture.item(fixture.envelope("a", topic: topic))
            let paid = try await fixture.pay(
                fixture.voucher([item], channel: channel, key: key, sequence: 1, ceiling: 2_000_000_000))
            let available = try await fixture.available(channel)
            // The other channel may pay for the same envelope: once per channel.
            let decisions = try await fixture.decide([
                fixture.voucher([item], channel: channel, key: key, sequence: 2, ceiling: 2_000_000_000),
                fixture.voucher([item], channel: otherChannel, key: other, sequence: 1, ceiling: 2_000_000_000),
            ])
            #expect(try decisions[0].get() == [paid[0].leaf.index])
            #expect(try decisions[1].get() == [paid[0].leaf.index + 1])
            #expect(try await fixture.available(channel) == available)
            #expect(await fixture.service.state.chargeCount == 2)
            let sums = try await fixture.conservation()
            #expect(sums.custody == sums.liabilities)
        }
    }

    /// A payer who lost an answer signs anew where the old voucher is not valid for long enough any more.
    @Test func `a paid envelope in a newer voucher costs nothing, also where it is not covered a second time`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 80_000_000)
            let items = ["a", "b"].map { fixture.item(fixture.envelope($0, topic: topic)) }
            let paid = try await fixture.pay(
                fixture.voucher([items[0]], channel: channel, key: key, sequence: 1, ceiling: 39_851_680))
            let again = try await fixture.decide([
                fixture.voucher([items[0]], channel: channel, key: key, sequence: 2, ceiling: 39_851_680),
                fixture.voucher(items, channel: channel, key: key, sequence: 3, ceiling: 79_703_359),
                fixture.voucher(items, channel: channel, key: key, sequence: 3, ceiling: 79_703_360),
            ])
            #expect(again[0] == .success([paid[0].leaf.index]))
            #expect(again[1] == .failure(.ceilingTooLow(found: 79_703_359, needed: 79_703_360)))
            #expect(try again[2].get().count == 2)

            let close = CloseChannel(
                channelID: channel, charged: 79_703_360, validUntil: fixture.service.clock.now + 60)
            _ = try await fixture.service.close(
                close, signature: key.sign(fixture.service.domain.digest(of: close)))
            let late = fixture.voucher([items[0]], channel: channel, key: key, sequence: 4, ceiling: 0)
            #expect(try await fixture.decide([late]) == [.success([paid[0].leaf.index])])
            #expect(await fixture.service.state.chargeCount == 2)
        }
    }

    @Test func `an act that changes a channel is seen by the next voucher`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 40_000_000)
            let items = ["a", "b", "c"].map { fixture.item(fixture.envelope($0, topic: topic)) }
            _ = try await fixture.pay(
                fixture.voucher([items[0]], channel: channel, key: key, sequence: 1, ceiling: 39_851_680))
            let second = fixture.voucher([items[1]], channel: channel, key: key, sequence: 2, ceiling: 79_703_360)
            #expect(
                try await fixture.decide([second])
                    == [.failure(.deposit(ceilings: 79_703_360, coverage: 40_000_000))])
            try await fixture.deposit(39_703_360, to: channel, reference: SHA256.hash([7]))
            #expect(try await fixture.decide([second]).map { try $0.get().count } == [1])

            let close = CloseChannel(
                channelID: channel, charged: 79_703_360, validUntil: fixture.service.clock.now + 60)
            _ = try await fixture.service.close(
                close, signature: key.sign(fixture.service.domain.digest(of: close)))
            let third = fixture.voucher([items[2]], channel: channel, key: key, sequence: 3, ceiling: 119_555_040)
            #expect(try await fixture.decide([third]) == [.failure(.closed)])
        }
    }

    @Test func `gateways pay on lanes of their own, and all ceilings together stay within what the channel holds`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 120_000_000)
            func voucher(_ name: String, lane: UInt32, sequence: UInt64, ceiling: Amount) -> SignedVoucher {
                let items = [fixture.item(fixture.envelope(name, topic: topic))]
                let voucher = Voucher(
                    channelID: channel, lane: lane, sequence: sequence, cumulativeAmount: ceiling,
                    validUntil: fixture.service.clock.now + 10 * UTCDay.seconds, itemsHash: Item.hash(of: items))
                return SignedVoucher(
                    voucher: voucher, items: items, signature: key.sign(fixture.service.domain.digest(of: voucher)))
            }
            // Sequences and ceilings of one lane mean nothing to another.
            let decisions = try await fixture.decide([
                voucher("a", lane: 0, sequence: 9, ceiling: 40_000_000),
                voucher("b", lane: 63, sequence: 1, ceiling: 40_000_000),
                voucher("c", lane: 7, sequence: 1, ceiling: 40_000_001),
                voucher("d", lane: 7, sequence: 1, ceiling: 40_000_000),
                // The channel pays for an envelope once, on whatever lane.
                voucher("a", lane: 63, sequence: 2, ceiling: 40_000_000),
            ])
            #expect(try decisions[0].get() == decisions[4].get())
            #expect(try decisions[1].get().count == 1)
            #expect(decisions[2] == .failure(.deposit(ceilings: 120_000_001, coverage: 120_000_000)))
            #expect(try decisions[3].get().count == 1)
            #expect(try await fixture.available(channel) == 444_960)

            let reopened = try await fixture.reopened()
            #expect(
                try await reopened.decide([voucher("e", lane: 63, sequence: 1, ceiling: 40_000_000)])
                    == [.failure(.sequence(found: 1, newest: nil))])
            let state = try await reopened.service.read { try await ChannelStore($0).channel(channel)?.state }
            #expect(state?.lanes[0]?.sequence == 9)
            #expect(state?.lanes[63] == LaneState(sequence: 1, ceiling: 40_000_000, charged: 39_851_680, lastCharge: 2))
            await reopened.pool.close()
        }
    }

    @Test func `a large request is judged voucher by voucher, in its order`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100_000_000_000)
            let vouchers = (1...200).map { number in
                fixture.voucher(
                    [fixture.item(fixture.envelope("\(number)", topic: topic))], channel: channel,
                    key: number.isMultiple(of: 3) ? stranger : key, sequence: UInt64(number),
                    ceiling: 100_000_000_000)
            }
            let decisions = try await fixture.decide(vouchers)
            for (number, decision) in zip(1...200, decisions) {
                if number.isMultiple(of: 3) {
                    #expect(decision == .failure(.unknownChannelOrSigner))
                } else {
                    #expect(try decision.get().count == 1)
                }
            }
            #expect(await fixture.service.state.chargeCount == 134)
        }
    }

    @Test func `the channels' balance is the sum of what each has left`() async throws {
        try await ServiceFixture.run { fixture in
            var sum = Amount.zero
            for number in 0..<3 {
                let key = SecretKey(seed: 1, label: "payer \(number)")
                let channel = try await fixture.channel(key, deposit: Amount(UInt128(50_000_000 * (number + 1))))
                let item = fixture.item(fixture.envelope("\(number)", topic: topic))
                _ = try await fixture.pay(
                    fixture.voucher([item], channel: channel, key: key, sequence: 1, ceiling: 50_000_000))
                sum = try sum.adding(try await fixture.available(channel))
            }
            #expect(try await fixture.balance(.channels) == sum)
        }
    }
}
