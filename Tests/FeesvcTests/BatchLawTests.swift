import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Laws L5 and L8: neither how vouchers are cut into batches, nor in which order
/// independent acts come, changes what is owed to anybody.
///
/// A plan is drawn from a seed and carried out by services of their own, each time cut or ordered otherwise; then what
/// their databases hold is compared. `FEESVC_SEED` is the first plan's seed, `FEESVC_EXAMPLES` how many there are.
@Suite(.serialized) struct BatchLawTests {
    private static let seeds: [UInt64] = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["FEESVC_SEED"].flatMap { UInt64($0) } ?? 1
        return (0..<(environment["FEESVC_EXAMPLES"].flatMap { UInt64($0) } ?? 3)).map { first &+ $0 }
    }()

    private static let edge = ServiceFixture.start + ServiceFixture.epochLength

    // MARK: L5

    /// How the vouchers of one moment are posted.
    private enum Cutting: CaseIterable {
        case together
        case inParts
        case oneByOne

        func cut(_ vouchers: [PlannedVoucher], _ generator: inout SplitMix64) -> [[PlannedVoucher]] {
            guard self != .together else { return [vouchers] }
            var parts: [[PlannedVoucher]] = []
            var rest = vouchers[...]
            while !rest.isEmpty {
                let count = self == .oneByOne ? 1 : Int.random(in: 1...5, using: &generator)
                parts.append(Array(rest.prefix(count)))
                rest = rest.dropFirst(count)
            }
            return parts
        }
    }

    /// The leaves of a voucher's charges, or the code of its refusal.
    private struct Decision: Hashable {
        let place: Int
        var leaves: [UInt64]?
        var refusal: String?

        init(place: Int, _ decision: VoucherDecision) {
            self.place = place
            switch decision {
            case .success(let indexes): leaves = indexes
            case .failure(let refusal): self.refusal = refusal.code
            }
        }
    }

    /// What came of a plan's vouchers.
    private struct Posted {
        var decisions: [Decision] = []
        var posted = Holdings()
        /// After the epoch's delivery cut.
        var decided = Holdings()
    }

    /// Posts a plan's vouchers; where it takes longer than a moment, each part comes a second after the one before,
    /// within the same minute.
    private static func post(
        _ plan: VoucherPlan, _ cutting: Cutting, seed: UInt64, options: [String] = [], takesLonger: Bool = false
    ) async throws -> Posted {
        var generator = SplitMix64(seed: seed)
        var result = Posted()
        try await ServiceFixture.run(options) { fixture in
            let channels = try await fixture.channels(VoucherPlan.channelCount, deposit: VoucherPlan.deposit)
            for (time, vouchers) in plan.moments {
                for (place, part) in cutting.cut(vouchers, &generator).enumerated() {
                    try await fixture.advance(to: time + (takesLonger ? min(UInt64(place), 24) : 0))
                    for decision in try await fixture.decide(part.map({ fixture.sign($0, channels) })) {
                        result.decisions.append(Decision(place: result.decisions.count, decision))
                    }
                }
            }
            result.posted = try await Holdings(fixture, channels)
            try await fixture.advance(to: fixture.service.genesis.epochs.deliveryCut(of: 1))
            result.decided = try await Holdings(fixture, channels)
        }
        return result
    }

    private static func expectTheSame(_ found: Posted, _ expected: Posted, _ about: Comment) {
        expectEqual(found.decisions, expected.decisions, about)
        found.posted.expectEqual(expected.posted, about)
        found.decided.expectEqual(expected.decided, "\(about), after the cut")
    }

    @Test(arguments: seeds)
    func `L5: vouchers in any batches leave the charges, lanes, holds and balances of one batch`(
        _ seed: UInt64
    ) async throws {
        var generator = SplitMix64(seed: seed)
        let plan = VoucherPlan(&generator)
        let expected = try await Self.post(plan, .together, seed: seed)
        let refused = expected.decisions.count { $0.refusal != nil }
        #expect(refused >= 5 && expected.posted.charges.count >= 40, "seed \(seed)")
        #expect(expected.posted.charges.allSatisfy { $0.price.congestion == .zero }, "seed \(seed)")
        for cutting in Cutting.allCases where cutting != .together {
            let found = try await Self.post(plan, cutting, seed: seed)
            Self.expectTheSame(found, expected, "seed \(seed), \(cutting)")
        }
    }

    @Test(arguments: seeds)
    func `L5: under congestion an item costs the same in any batches and at any second of its minute`(
        _ seed: UInt64
    ) async throws {
        var generator = SplitMix64(seed: seed)
        let plan = VoucherPlan(&generator)
        let options = ["--congestion-fee", "50000", "--target-per-minute", "16"]
        let expected = try await Self.post(plan, .together, seed: seed, options: options)
        #expect(Set(expected.posted.charges.map(\.price.congestion)).count > 5, "seed \(seed)")
        for cutting in Cutting.allCases where cutting != .together {
            let found = try await Self.post(plan, cutting, seed: seed, options: options, takesLonger: true)
            Self.expectTheSame(found, expected, "seed \(seed), \(cutting)")
        }
    }

    // MARK: L8

    /// Which of the acts that may come next does.
    private enum Order: CaseIterable {
        /// The one that was drawn first.
        case drawn
        /// The one that was drawn last: the drawn order turned round, as far as acts rest on others.
        case reversed
        case shuffled

        func next(_ ready: [Int], _ generator: inout SplitMix64) -> Int? {
            switch self {
            case .drawn: ready.first
            case .reversed: ready.last
            case .shuffled: ready.randomElement(using: &generator)
            }
        }

        func places(of acts: [PlannedAct], _ generator: inout SplitMix64) -> [Int] {
            var waiting = Array(acts.indices)
            var order: [Int] = []
            var isDone = [Bool](repeating: false, count: acts.count)
            while let place = next(waiting.filter { acts[$0].after.allSatisfy { isDone[$0] } }, &generator) {
                waiting.removeAll { $0 == place }
                isDone[place] = true
                order.append(place)
            }
            return order
        }
    }

    /// What came of a plan's acts.
    private struct Closed {
        /// At the edge, at the delivery cut a day later, and at the next edge.
        var holdings: [Holdings] = []
        var results: [EpochResult] = []
    }

    private static let nodeCount = 3

    private static func close(_ plan: ActPlan, _ order: Order, seed: UInt64) async throws -> Closed {
        var generator = SplitMix64(seed: seed)
        var closed = Closed()
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(nodeCount)
            let channels = try await fixture.channels(ActPlan.channelCount, deposit: ActPlan.deposit)
            var run = ActRun(fixture: fixture, channels: channels)
            for day in plan.days {
                for (place, time) in zip(order.places(of: day.acts, &generator), day.times) {
                    try await fixture.advance(to: time)
                    try await run.perform(day.acts[place].act)
                }
            }
            try await fixture.advance(to: edge)
            closed.holdings.append(try await Holdings(fixture, channels).withoutOrder)
            try await fixture.observeAll(nodeCount, epoch: 1)
            closed.results.append(try await fixture.service.seal(1))
            try await fixture.advance(to: fixture.service.genesis.epochs.deliveryCut(of: 1))
            closed.holdings.append(try await Holdings(fixture, channels).withoutOrder)
            try await fixture.advance(to: edge + ServiceFixture.epochLength)
            try await fixture.observeAll(nodeCount, epoch: 2)
            closed.results.append(try await fixture.service.seal(2))
            closed.holdings.append(try await Holdings(fixture, channels).withoutOrder)
        }
        return closed
    }

    @Test(arguments: seeds)
    func `L8: in any order independent acts close an epoch at the same balances, lanes, pool, weights and root`(
        _ seed: UInt64
    ) async throws {
        var generator = SplitMix64(seed: seed)
        let plan = ActPlan(&generator)
        let expected = try await Self.close(plan, .drawn, seed: seed)
        let epochs = try #require(expected.holdings.last).epochs
        #expect(epochs[0].refunded > .zero && epochs[1].refunded > .zero, "seed \(seed): nothing went back")
        #expect(expected.results.allSatisfy { $0.pool > .zero && $0.rows.count == Self.nodeCount }, "seed \(seed)")
        for order in Order.allCases where order != .drawn {
            let found = try await Self.close(plan, order, seed: seed)
            let about: Comment = "seed \(seed), \(order)"
            for (found, expected) in zip(found.holdings, expected.holdings) { found.expectEqual(expected, about) }
            for (found, expected) in zip(found.results, expected.results) {
                #expect(found.rows == expected.rows, about)
                #expect(found.root == expected.root, about)
                #expect(
                    [found.base, found.storage, found.postage, found.dustIn, found.pool, found.rewards, found.dust]
                        == [
                            expected.base, expected.storage, expected.postage, expected.dustIn, expected.pool,
                            expected.rewards, expected.dust,
                        ], about)
            }
        }
    }
}
