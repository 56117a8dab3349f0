import Channels
import Foundation
import Ledger
import Payer
import Primitives
import Reports
import Rewards
import Storage
import Testing

@testable import feesvc

/// Statements of payers, channels and node operators.
///
/// `FEESVC_SEED` is the first seed of the law, `FEESVC_EXAMPLES` how many there are.
@Suite(.serialized) struct AccountStatementTests: RefundScene {
    private static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["FEESVC_SEED"].flatMap { UInt64($0) } ?? 1
        return (0..<(environment["FEESVC_EXAMPLES"].flatMap { UInt64($0) } ?? 3)).map { first &+ $0 }
    }()

    @Test func `whatever payers, owners and nodes do, statements of any period tie to the books`() async throws {
        var kinds: Set<String> = []
        for seed in Self.seeds {
            do {
                kinds.formUnion(try await play(seed))
            } catch {
                Issue.record("seed \(seed): \(error)")
            }
        }
        let all: Set = [
            "deposit", "topup", "charge", "midnight", "cut", "postage", "refund", "repayment", "withdrawal", "close",
            "claim", "payout",
        ]
        #expect(kinds.isSuperset(of: all), "not seen: \(all.subtracting(kinds))")
    }

    /// Plays what a seed says, checks epochs and ranges of days, and returns the kinds of movements that came up.
    private func play(_ seed: UInt64) async throws -> Set<String> {
        var kinds: Set<String> = []
        try await ServiceFixture.run { fixture in
            var scene = StatementScene(fixture, seed: seed)
            try await scene.play(through: 3)
            var epochs = StatementCheck(fixture)
            for epoch in 1...3 as ClosedRange<UInt64> {
                try await epochs.follow("seed \(seed), epoch \(epoch)") { try await .epoch(epoch, $0, $1) }
            }
            var days = StatementCheck(fixture)
            var generator = SplitMix64(seed: seed)
            var day = UTCDay(containing: ServiceFixture.start)
            while true {
                let (first, last) = (day, UTCDay(number: day.number + UInt32.random(in: 0...2, using: &generator)))
                guard last.next.start <= fixture.service.clock.now else { break }
                try await days.follow("seed \(seed), \(first) to \(last)") {
                    try await .days(first, through: last, $0, $1)
                }
                day = last.next
            }
            kinds = epochs.kinds
        }
        return kinds
    }
}
