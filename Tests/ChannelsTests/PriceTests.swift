import Channels
import Primitives
import Testing

@Suite struct PriceTests {
    private static func refusal(_ schedule: FeeSchedule, _ item: Item, congestion: UInt8 = 0) -> PriceRefusal? {
        do throws(PriceRefusal) {
            _ = try schedule.price(item, acceptedAt: TestChannel.now, congestion: congestion)
            return nil
        } catch {
            return error
        }
    }

    @Test func `the page's example costs 39,851,680`() throws {
        let price = try TestChannel.schedule().price(TestChannel.item(1), acceptedAt: TestChannel.now, congestion: 0)
        #expect(price == Price(base: 38_500_000, storage: 1_351_680, congestion: 0, postage: 0))
        #expect(try price.total == 39_851_680)
    }

    @Test func `every price of the vectors comes out`() throws {
        let prices = try Vector.file(.protocol)["prices"].list
        #expect(prices.count == 7)
        for vector in prices {
            let rates = try vector["schedule"]
            let postage = try rates["postage"].amount
            let schedule = TestChannel.schedule(
                base: try rates["base"].amount, storage: try rates["storagePerByteDay"].amount,
                congestionUnit: try rates["congestionUnit"].amount, postage: postage, days: 0...400)
            let item = Item(
                envelopeHash: .zero, bytes: try vector["bytes"].u32,
                expiryDay: UTCDay(number: try vector["expiryDay"].u32),
                postage: try vector["withPostage"].flag ? postage : 0, maxFee: 0)
            let price = try schedule.price(item, acceptedAt: try vector["accepted"].u64, congestion: 0)
            let parts = try vector["price"]
            #expect(price.base == (try parts["base"].amount))
            #expect(price.storage == (try parts["storage"].amount))
            #expect(price.congestion == (try parts["congestion"].amount))
            #expect(price.postage == (try parts["postage"].amount))
            #expect(try price.total == vector["total"].amount)
        }
    }

    @Test func `a payload may be as large as the schedule says`() {
        let schedule = TestChannel.schedule(bytesMax: 100)
        #expect(Self.refusal(schedule, TestChannel.item(1, bytes: 99)) == nil)
        #expect(Self.refusal(schedule, TestChannel.item(1, bytes: 100)) == nil)
        #expect(Self.refusal(schedule, TestChannel.item(1, bytes: 101)) == .tooLarge(bytes: 101, limit: 100))
    }

    @Test func `days of storage are bought from the fewest to the most, counted from the day of acceptance`() throws {
        let schedule = TestChannel.schedule(days: 2...30)
        for (days, isGood): (UInt32, Bool) in [
            (0, false), (1, false), (2, true), (3, true), (29, true), (30, true), (31, false),
        ] {
            let expected: PriceRefusal? = isGood ? nil : .retention(days: days, from: 2, to: 30)
            #expect(Self.refusal(schedule, TestChannel.item(1, days: days)) == expected, "\(days)")
        }
        let expired = Item(envelopeHash: .zero, bytes: 1, expiryDay: UTCDay(number: 1), postage: 0, maxFee: 0)
        #expect(Self.refusal(schedule, expired) == .retention(days: 0, from: 2, to: 30))
        let midnight: UInt64 = 1_767_312_000
        let item = TestChannel.item(1, days: 3)
        #expect(try schedule.price(item, acceptedAt: midnight - 1, congestion: 0).storage == 67_584)
        #expect(try schedule.price(item, acceptedAt: midnight, congestion: 0).storage == 45_056)
    }

    @Test func `a schedule whose fewest days are above its most sells nothing`() {
        let schedule = FeeSchedule(
            version: 1, effectiveFrom: 0, base: 1, storagePerByteDay: 1, congestionUnit: 0, targetPerMinute: 600,
            postage: 0, postageWindow: 0, retentionDaysMin: 3, retentionDaysMax: 2, bytesMax: 1_048_576)
        for days: UInt32 in 0...5 {
            let refusal = Self.refusal(schedule, TestChannel.item(1, days: days))
            #expect(refusal == .retention(days: days, from: 3, to: 2), "\(days)")
        }
    }

    @Test func `postage is nothing or exactly what is asked`() {
        let schedule = TestChannel.schedule(postage: 500)
        for (postage, isGood): (Amount, Bool) in [(0, true), (1, false), (499, false), (500, true), (501, false)] {
            let expected: PriceRefusal? = isGood ? nil : .postage(offered: postage, asked: 500)
            #expect(Self.refusal(schedule, TestChannel.item(1, postage: postage)) == expected, "\(postage)")
        }
    }

    @Test func `congestion costs its units`() throws {
        let schedule = TestChannel.schedule(congestionUnit: 7)
        for units: UInt8 in [0, 1, 100] {
            let price = try schedule.price(TestChannel.item(1), acceptedAt: TestChannel.now, congestion: units)
            #expect(price.congestion == Amount(7 * UInt128(units)))
        }
    }

    @Test func `the page's example costs congestionUnit × units more where the log is loaded`() throws {
        let prices = try Vector.file(.congestion)["prices"].list
        #expect(prices.count == 7)
        for vector in prices {
            let units = Congestion.units(
                perMinute: MinuteCounts(m0: try vector["m0"].u64), target: try vector["target"].u32)
            #expect(units == (try vector["units"].u8))
            let price = try TestChannel.schedule(congestionUnit: try vector["congestionUnit"].amount)
                .price(TestChannel.item(1), acceptedAt: TestChannel.now, congestion: units)
            #expect(price.congestion == (try vector["congestion"].amount))
            #expect(try price.total == vector["total"].amount)
        }
    }

    @Test func `parts that do not fit are an overflow`() throws {
        let item = TestChannel.item(1, bytes: 1_048_576, days: 400)
        let most = Amount(UInt128.max / (1_048_576 * 400))
        #expect(Self.refusal(TestChannel.schedule(storage: most), item) == nil)
        #expect(Self.refusal(TestChannel.schedule(storage: try most.adding(1)), item) == .overflow)
        let unit = Amount(UInt128.max / 100)
        #expect(Self.refusal(TestChannel.schedule(congestionUnit: unit), item, congestion: 100) == nil)
        #expect(
            Self.refusal(TestChannel.schedule(congestionUnit: try unit.adding(1)), item, congestion: 100) == .overflow)
        #expect(throws: AmountError.overflow) {
            try Price(base: .max, storage: 0, congestion: 0, postage: 1).total
        }
    }
}
