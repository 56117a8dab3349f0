import Channels
import Payer
import Primitives
import Testing

@Suite struct SpendingLimitsTests {
    private let day = UTCDay(number: 20_000)

    @Test func `a message at its limit passes, and one unit more does not`() throws {
        let limits = SpendingLimits(perMessage: 50)
        let today = DayTotal(day: day)
        #expect(try limits.admit([49, 50], today: today).amount == 99)
        #expect(throws: LimitRefusal.perMessage(asked: 51, limit: 50)) { try limits.admit([50, 51], today: today) }
    }

    @Test func `a day's limit holds over all messages of the day`() throws {
        let limits = SpendingLimits(perDay: 100)
        let today = DayTotal(day: day, amount: 60)
        #expect(try limits.admit([39], today: today).amount == 99)
        #expect(try limits.admit([20, 20], today: today).amount == 100)
        #expect(throws: LimitRefusal.perDay(asked: 41, spent: 60, limit: 100, day: day)) {
            try limits.admit([20, 21], today: today)
        }
        #expect(limits.remaining(today) == 40)
        #expect(limits.remaining(DayTotal(day: day, amount: 101)) == .zero)
        #expect(SpendingLimits().remaining(today) == nil)
    }

    @Test func `midnight opens a new allowance, a clock that goes back does not`() {
        let total = DayTotal(day: day, amount: 60)
        #expect(total.on(day) == total)
        #expect(total.on(day.next) == DayTotal(day: day.next))
        #expect(total.on(UTCDay(number: day.number - 1)) == total)
    }

    @Test func `what comes back is counted on its own day only`() {
        let total = DayTotal(day: day, amount: 60)
        #expect(total.returning(15, countedOn: day).amount == 45)
        #expect(total.returning(15, countedOn: UTCDay(number: day.number - 1)) == total)
        #expect(total.returning(61, countedOn: day).amount == .zero)
    }

    @Test func `what can't be added to 128 bits is refused`() {
        #expect(throws: LimitRefusal.overflow) {
            try SpendingLimits().admit([.max], today: DayTotal(day: day, amount: 1))
        }
    }

    @Test func `an automatic top-up takes its amount, what is lacking, or what the day leaves`() throws {
        let rule = TopUpRule(amount: 100, perDay: 250)
        #expect(try rule.amount(lacking: 1, today: DayTotal(day: day)) == 100)
        #expect(try rule.amount(lacking: 101, today: DayTotal(day: day)) == 101)
        #expect(try rule.amount(lacking: 1, today: DayTotal(day: day, amount: 200)) == 50)
        #expect(try rule.amount(lacking: 50, today: DayTotal(day: day, amount: 200)) == 50)
        #expect(throws: LimitRefusal.topUp(asked: 51, spent: 200, limit: 250, day: day)) {
            try rule.amount(lacking: 51, today: DayTotal(day: day, amount: 200))
        }
    }

    @Test func `the allowance is taken on the disk before a voucher leaves, and only once`() async throws {
        let steps = Steps()
        let payer = ModelPayer(steps: steps, limits: SpendingLimits(perDay: 35))
        let channel = try payer.open()
        try await channel.synchronize(now: ModelService.now)
        steps.crash(at: 3)
        await #expect(throws: Crash.self) { try await payer.pay(["a", "b"], with: channel) }
        // 15 each may still be charged.
        #expect(try payer.storage.record.spent.amount == 30)
        steps.crash(at: nil)
        let again = try payer.open()
        // 10 each were: 15 are left, which is one message's highest price.
        await #expect(throws: WalletChannelError.self) { try await payer.pay(["c", "d"], with: again) }
        #expect(try payer.storage.record.spent.amount == 20)
        _ = try await payer.pay(["c"], with: again)
        await #expect(throws: WalletChannelError.self) { try await payer.pay(["d"], with: again) }
        _ = try await payer.pay(["d"], with: again, now: ModelService.now + 86_400)
        #expect(try payer.storage.record.spent.amount == 10)
    }
}
