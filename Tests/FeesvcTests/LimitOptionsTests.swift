import ArgumentParser
import Payer
import Primitives
import Testing

@testable import feesvc

@Suite struct LimitOptionsTests {
    private let dollar = Currency(code: "USD", scale: 12)

    private func limits(_ known: SpendingLimits = SpendingLimits(), _ arguments: String...) throws -> SpendingLimits {
        try LimitOptions.parse(arguments).changing(known, dollar)
    }

    @Test func `what is not named stays, none lifts a limit`() throws {
        let known = SpendingLimits(
            perMessage: 1, perDay: 2, lowBalance: 3, topUp: TopUpRule(amount: 4, perDay: 5))
        #expect(try limits(known) == known)
        let changed = try limits(known, "--limit-per-message", "0.5USD", "--limit-per-day", "none")
        #expect(changed.perMessage == 500_000_000_000)
        #expect(changed.perDay == nil)
        #expect(changed.lowBalance == 3)
        #expect(changed.topUp == known.topUp)
        #expect(try limits(known, "--warn-below", "none").lowBalance == nil)
        #expect(try limits(known, "--topup-amount", "none").topUp == nil)
        #expect(try limits(known, "--topup-per-day", "9").topUp == TopUpRule(amount: 4, perDay: 9))
    }

    @Test func `automatic top-ups have both a size and a limit`() throws {
        #expect(
            try limits(SpendingLimits(), "--topup-amount", "7", "--topup-per-day", "8").topUp
                == TopUpRule(amount: 7, perDay: 8))
        #expect(throws: OperatorError.self) { try limits(SpendingLimits(), "--topup-amount", "7") }
        #expect(throws: OperatorError.self) { try limits(SpendingLimits(), "--topup-per-day", "8") }
        let known = SpendingLimits(topUp: TopUpRule(amount: 4, perDay: 5))
        #expect(throws: OperatorError.self) { try limits(known, "--topup-per-day", "none") }
    }

    @Test func `what is no amount is refused with its option's name`() throws {
        do {
            _ = try limits(SpendingLimits(), "--limit-per-day", "1EUR")
            Issue.record("euros are not dollars")
        } catch let error as OperatorError {
            #expect(error.description.contains("--limit-per-day"))
        }
    }
}
