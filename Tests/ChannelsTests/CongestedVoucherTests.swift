import Channels
import Primitives
import Testing

/// Units at 10, 11, 12 and 13 charges a minute with a target of 10: 0, 7, 19, 36 (docs/protocol.md §4, worked out in Python).
@Suite struct CongestedVoucherTests {
    private static func channel(before charges: UInt64) -> TestChannel {
        var channel = TestChannel()
        channel.schedule = TestChannel.schedule(congestionUnit: 1_000, target: 10)
        channel.congestion = MinuteCounts(m0: charges)
        return channel
    }

    @Test func `each item is priced with the counts before its own leaf`() throws {
        let items = (0..<4).map { TestChannel.item($0) }
        let channel = Self.channel(before: 10)
        let admitted = try channel.admit(channel.voucher(items))
        #expect(admitted.charges.map(\.price.congestion) == [0, 7_000, 19_000, 36_000])
        #expect(admitted.total == Amount(4 * 39_851_680 + 62_000))
    }

    @Test func `an item that was charged before is not counted again`() throws {
        let items = (0..<4).map { TestChannel.item($0) }
        let channel = Self.channel(before: 10)
        let charged: Set = [items[0].envelopeHash, items[2].envelopeHash]
        let admitted = try channel.admit(channel.voucher(items), charged: charged)
        #expect(admitted.charges.map(\.item) == [items[1], items[3]])
        #expect(admitted.charges.map(\.price.congestion) == [0, 7_000])
    }

    @Test func `congestion counts toward an item's limit and the ceiling`() {
        let channel = Self.channel(before: 11)
        let price = Amount(39_858_680)
        for (maxFee, isEnough): (Amount, Bool) in [(39_858_679, false), (39_858_680, true), (39_858_681, true)] {
            let item = TestChannel.item(1, maxFee: maxFee)
            let refusal = VoucherRefusal.maxFee(envelopeHash: item.envelopeHash, price: price, maxFee: maxFee)
            #expect(channel.refusal(channel.voucher([item])) == (isEnough ? nil : refusal), "\(maxFee)")
        }
        let item = TestChannel.item(1)
        #expect(
            channel.refusal(channel.voucher([item], ceiling: 39_858_679))
                == .ceilingTooLow(found: 39_858_679, needed: price))
        #expect(channel.refusal(channel.voucher([item], ceiling: 39_858_680)) == nil)
    }

    @Test func `without a target there is no congestion`() throws {
        var channel = Self.channel(before: .max)
        channel.schedule = TestChannel.schedule(congestionUnit: 1_000, target: 0)
        let items = (0..<2).map { TestChannel.item($0) }
        #expect(try channel.admit(channel.voucher(items)).charges.map(\.price.congestion) == [0, 0])
    }
}
