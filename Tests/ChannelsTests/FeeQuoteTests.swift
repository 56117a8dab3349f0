import Channels
import Primitives
import Testing

/// Prices worked out in Python from docs/protocol.md §4.
@Suite struct FeeQuoteTests {
    private static func quote(
        bytes: UInt32 = 1_024, days: UInt32 = 60, withPostage: Bool = false, before charges: UInt64 = 0,
        under schedule: FeeSchedule = TestChannel.schedule(congestionUnit: 1_000, target: 10)
    ) throws(PriceRefusal) -> FeeQuote {
        try FeeQuote(
            bytes: bytes, days: days, withPostage: withPostage, under: schedule, counts: MinuteCounts(m0: charges),
            at: TestChannel.now)
    }

    @Test func `a quote is the price of the next charge, with its parts`() throws {
        let quiet = try Self.quote()
        #expect(quiet.price == Price(base: 38_500_000, storage: 1_351_680, congestion: 0, postage: 0))
        #expect(quiet.total == 39_851_680)
        let busy = try Self.quote(withPostage: true, before: 11)
        #expect(busy.congestionUnits == 7)
        #expect(busy.price == Price(base: 38_500_000, storage: 1_351_680, congestion: 7_000, postage: 5_000_000))
        #expect(busy.total == 44_858_680)
    }

    @Test func `what a voucher would be refused for has no quote`() {
        #expect(throws: PriceRefusal.tooLarge(bytes: 1_048_577, limit: 1_048_576)) {
            try Self.quote(bytes: 1_048_577)
        }
        for days: UInt32 in [0, 401, .max] {
            #expect(throws: PriceRefusal.retention(days: days, from: 1, to: 400)) { try Self.quote(days: days) }
        }
        for days: UInt32 in [1, 400] { #expect(throws: Never.self) { try Self.quote(days: days) } }
        let dear = TestChannel.schedule(base: .max)
        #expect(throws: PriceRefusal.overflow) { try Self.quote(under: dear) }
    }
}
