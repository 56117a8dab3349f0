import Primitives
import Rewards
import Testing

@Suite struct ExplanationTests {
    private static func sum<Reason>(_ amounts: [ExplainedAmount<Reason>]) throws -> Amount {
        try Amount.sum(amounts.map(\.amount))
    }

    @Test func `every unit between the pool and a share is accounted for, under every ruleset`() throws {
        for seed in UInt64(1)...120 {
            var generator = SplitMix64(seed: seed)
            let about: Comment = "seed \(seed)"
            var ruleset = [Ruleset.first, .second][Int(seed % 2)]
            if seed.isMultiple(of: 3) {
                ruleset = try Ruleset(
                    version: 2, nodes: 700_000_001, apps: 200_000_000, protocolIncome: 99_999_999,
                    division: .alikeCapped, stakeCap: 300_000_000, penalty: 400_000_000, penaltyCap: 600_000_000)
            }
            var case_ = TestRewards.random(&generator, by: ruleset)
            case_.refunds = UInt128.random(in: 0...(case_.captured + case_.grants + case_.dustIn), using: &generator)
            case_.penalties = [1: UInt32.random(in: 0...3, using: &generator)]
            let inputs = case_.inputs
            let result = try EpochResult.compute(inputs)
            for row in result.rows {
                let found = try #require(try RewardExplanation(row.node, in: inputs))
                #expect(try Self.sum(found.sources) == found.pool.adding(found.refunds), about)
                #expect(found.pool == result.pool, about)
                #expect(try Self.sum(found.uses) == found.pool, about)
                #expect(try Self.sum(found.restReasons) == found.rest, about)
                #expect(try Self.sum(found.losses).adding(found.steps.earned) == found.steps.full, about)
                #expect(found.steps.earned == row.earned && found.steps.shared == row.shared, about)
                #expect(try found.steps.earned.adding(found.steps.shared) == row.reward.adding(row.taken), about)
                #expect(found.reward == row.reward && found.cumulative == row.cumulative, about)
                let dust = found.uses.filter { $0.reason == .taken || $0.reason == .remainder }
                #expect(try Self.sum(dust) == result.dust, about)
            }
        }
    }

    @Test func `an observation that is missing has its reason`() throws {
        var case_ = TestRewards(nodes: Array(repeating: .init(stake: 1), count: 5), captured: 100)
        case_.nodes[0].held = 500
        var inputs = case_.inputs
        inputs.observations = inputs.observations.compactMap { observation in
            guard observation.observer != 3 else { return nil }
            let kept = observation.subjects.filter { observation.observer != 4 || $0.node != 1 }
            return Observation(epoch: 1, observer: observation.observer, subjects: kept)
        }
        let found = try #require(try RewardExplanation(1, in: inputs, newcomers: [9]))
        #expect(found.held.views.map(\.observer) == [1, 2, 3, 4, 5, 9])
        #expect(
            found.held.views.map(\.missing) == [.own, nil, .silent, .unmeasured, nil, .newcomer])
        let late = try #require(
            try RewardExplanation(1, in: inputs, newcomers: [9], refused: [3: .late, 2: .malformed]))
        #expect(late.held.views.map(\.missing) == [.own, nil, .late, .unmeasured, nil, .newcomer])
        #expect(found.held.views.map(\.parts) == [nil, 500_000_000, nil, nil, 500_000_000, nil])
        // Two of four views, where three are a quorum: left out for everybody.
        #expect(found.held.quorum == 3)
        #expect(found.held.isDropped && found.held.parts == 1_000_000_000)
        #expect(try RewardExplanation(6, in: inputs) == nil)
    }

    @Test func `codes are of one kind each`() {
        let codes =
            PoolReason.allCases.map(\.rawValue) + LossReason.allCases.map(\.rawValue)
            + MissingView.allCases.map(\.rawValue)
        #expect(Set(codes).count == codes.count)
    }
}
