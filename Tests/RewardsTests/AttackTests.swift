import Primitives
import Rewards
import Testing

/// Law L18 at 1, 25 and 50 percent of the stake, over random traffic.
@Suite struct AttackTests {
    /// What floors may move in all: less than a unit for each node and split.
    private static let rounding: UInt128 = 1_000

    private static func outcomes(
        _ attack: Attack, _ ruleset: Ruleset, percents: [Int] = [1, 25, 50], seeds: ClosedRange<UInt64> = 1...3
    ) throws -> [(percent: Int, outcome: AttackModel.Outcome)] {
        try percents.flatMap { percent in
            try seeds.map { (percent, try AttackModel(ruleset, percent: percent, seed: $0).run(attack)) }
        }
    }

    private static func isGain(_ outcome: AttackModel.Outcome) -> Bool {
        outcome.isGain && outcome.gain.amount.units > rounding
    }

    @Test(arguments: [Ruleset.first, .second])
    func `L18: a coalition that pays itself never gains`(_ ruleset: Ruleset) throws {
        for (percent, outcome) in try Self.outcomes(.wash, ruleset) {
            #expect(outcome.paid > .zero)
            #expect(!Self.isGain(outcome), "\(percent) %")
            let others = outcome.othersGain
            #expect(others.isPositive || others.amount.units <= Self.rounding, "\(percent) %: nobody else loses")
        }
    }

    @Test(arguments: [Ruleset.first, .second])
    func `L18: who stores nothing loses by it`(_ ruleset: Ruleset) throws {
        for (percent, outcome) in try Self.outcomes(.lazy, ruleset) {
            #expect(outcome.attacking < outcome.honest, "\(percent) %")
        }
    }

    @Test(arguments: [Ruleset.first, .second])
    func `L18: liars below half of the observers gain nothing by idling`(_ ruleset: Ruleset) throws {
        for (percent, outcome) in try Self.outcomes(.collude, ruleset, percents: [1, 25, 49]) {
            #expect(outcome.attacking < outcome.honest, "\(percent) %")
        }
    }

    /// Where half of the others lie, the median is theirs: what a majority says can't be told from the truth.
    @Test func `half of the observers decide what is measured`() throws {
        for (_, outcome) in try Self.outcomes(.collude, .second, percents: [50]) { #expect(Self.isGain(outcome)) }
    }

    @Test func `L18: by stake, four nodes in place of one gain nothing; dividing alike pays for them`() throws {
        for (percent, outcome) in try Self.outcomes(.split, .second) { #expect(!Self.isGain(outcome), "\(percent) %") }
        let capped = try Ruleset(
            version: 2, nodes: 1_000_000_000, apps: 0, protocolIncome: 0, division: .alikeCapped,
            stakeCap: 1_000_000_000, penalty: 0, penaltyCap: 0)
        for ruleset in [Ruleset.first, capped] {
            for (percent, outcome) in try Self.outcomes(.split, ruleset, percents: [25], seeds: 1...1) {
                #expect(Self.isGain(outcome), "\(percent) %")
            }
        }
    }

    @Test func `the same seed gives the same outcome`() throws {
        let model = AttackModel(.second, percent: 25, seed: 7)
        #expect(try model.run(.wash) == AttackModel(.second, percent: 25, seed: 7).run(.wash))
        #expect(try model.run(.wash) != AttackModel(.second, percent: 25, seed: 8).run(.wash))
    }
}
