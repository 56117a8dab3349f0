import Primitives
import Rewards
import Testing

/// Laws of the split (research notes, section F) over random nodes and money.
@Suite struct RewardLawTests {
    private static func each(
        _ seeds: ClosedRange<UInt64> = 1...150, _ body: (inout SplitMix64, Comment) throws -> Void
    ) rethrows {
        for seed in seeds {
            var generator = SplitMix64(seed: seed)
            try body(&generator, "seed \(seed)")
        }
    }

    private static func weight(_ row: RewardRow, _ case_: TestRewards) -> UInt128 {
        case_.nodes[Int(row.node) - 1].stake * UInt128(row.contribution.available)
    }

    /// a × b as a pair that compares.
    private static func product(_ a: UInt128, _ b: UInt128) -> (UInt128, UInt128) {
        let wide = a.multipliedFullWidth(by: b)
        return (wide.high, wide.low)
    }

    @Test func `L19: rewards and dust are the pool, and dust is below the number of nodes where anybody has weight`()
        throws
    {
        try Self.each { generator, about in
            let case_ = TestRewards.random(&generator, nodes: 0...9)
            let result = try case_.result()
            let rewards = try Amount.sum(result.rows.map(\.reward))
            #expect(rewards == result.rewards, about)
            #expect(try rewards.adding(result.dust) == result.pool, about)
            #expect(result.pool.units == case_.captured + case_.grants + case_.dustIn, about)
            for row in result.rows { #expect(try row.earned.adding(row.shared) == row.reward, about) }
            if result.rows.contains(where: { Self.weight($0, case_) > 0 }) {
                #expect(result.dust.units < UInt128(result.rows.count), about)
            } else {
                #expect(result.rows.allSatisfy { $0.shared == 0 }, about)
            }
        }
    }

    @Test func `L20: each share is its exact part rounded down, and no weight is no share`() throws {
        try Self.each { generator, about in
            let case_ = TestRewards.random(&generator)
            let result = try case_.result()
            let total = result.rows.reduce(UInt128(0)) { $0 + Self.weight($1, case_) }
            let rest = result.pool.units - result.rows.reduce(UInt128(0)) { $0 + $1.earned.units }
            for row in result.rows where total > 0 {
                let exact = Self.product(rest, Self.weight(row, case_))
                #expect(Self.product(row.shared.units, total) <= exact, about)
                #expect(Self.product(row.shared.units + 1, total) > exact, about)
                if Self.weight(row, case_) == 0 { #expect(row.shared == 0, about) }
                let part = Self.product(case_.captured, UInt128(row.contribution.quality))
                let nodes = UInt128(result.rows.count) * 1_000_000_000
                #expect(Self.product(row.earned.units, nodes) <= part, about)
                #expect(Self.product(row.earned.units + 1, nodes) > part, about)
            }
        }
    }

    @Test func `L21: more in the pool is less for nobody`() throws {
        try Self.each { generator, about in
            var case_ = TestRewards.random(&generator)
            let before = try case_.result()
            case_.grants += UInt128.random(in: 0...1_000_000, using: &generator)
            for (old, new) in zip(before.rows, try case_.result().rows) {
                #expect(new.earned == old.earned, about)
                #expect(new.shared >= old.shared, about)
            }
            // More captured moves units from the shared part to the earned one: each floor may cost the rest one unit.
            let granted = try case_.result()
            case_.captured += UInt128.random(in: 0...1_000_000, using: &generator)
            for (old, new) in zip(granted.rows, try case_.result().rows) {
                #expect(new.earned >= old.earned, about)
                #expect(new.reward.units + UInt128(case_.nodes.count) >= old.reward.units, about)
            }
        }
    }

    @Test func `L22: more stake, storage or availability of one is not less for it and not more for others`() throws {
        try Self.each { generator, about in
            let case_ = TestRewards.random(&generator)
            let before = try case_.result().rows
            let place = Int.random(in: 0..<case_.nodes.count, using: &generator)
            var staked = case_
            var storing = case_
            var answering = case_
            staked.nodes[place].stake += UInt128.random(in: 0...1_000_000_000, using: &generator)
            let held = storing.nodes[place].held
            storing.nodes[place].held = UInt32.random(in: held...1_000, using: &generator)
            let available = answering.nodes[place].available
            answering.nodes[place].available = UInt32.random(in: available...1_000, using: &generator)
            for other in [staked, storing, answering] {
                for (index, (old, new)) in zip(before, try other.result().rows).enumerated() {
                    if index == place {
                        #expect(new.reward >= old.reward, about)
                    } else {
                        #expect(new.reward <= old.reward, about)
                    }
                }
            }
        }
    }

    /// The earned part pays each node alike, so only the shared part can't be gamed by splitting a node.
    @Test func `L23: a stake split over two nodes never shares more, and loses less than two units`() throws {
        try Self.each { generator, about in
            var case_ = TestRewards.random(&generator)
            case_.captured = 0
            let place = Int.random(in: 0..<case_.nodes.count, using: &generator)
            let whole = try case_.result().rows[place].shared.units
            let part = UInt128.random(in: 0...case_.nodes[place].stake, using: &generator)
            var twin = case_.nodes[place]
            twin.stake = part
            case_.nodes[place].stake -= part
            case_.nodes.append(twin)
            let rows = try case_.result().rows
            let parts = rows[place].shared.units + rows[rows.count - 1].shared.units
            #expect(parts <= whole, about)
            #expect(whole - parts <= 1, about)
        }
    }

    @Test func `L24: stakes in another unit split alike`() throws {
        try Self.each { generator, about in
            var case_ = TestRewards.random(&generator)
            let before = try case_.result().rows.map(\.reward)
            let factor = UInt128.random(in: 1...1_000_000_007, using: &generator)
            for place in case_.nodes.indices { case_.nodes[place].stake *= factor }
            let after = try case_.result().rows.map(\.reward)
            #expect(after == before, about)
        }
    }

    @Test func `L25: the order of nodes, observations and records does not move a byte`() throws {
        try Self.each(1...60) { generator, about in
            let inputs = TestRewards.random(&generator).inputs
            let shuffled = RewardInputs(
                ruleset: .first, epoch: 1, firstIndex: 0, endIndex: 1, logRoot: .zero,
                snapshot: inputs.snapshot.shuffled(using: &generator),
                observations: inputs.observations.shuffled(using: &generator).map {
                    Observation(
                        epoch: $0.epoch, observer: $0.observer, subjects: $0.subjects.shuffled(using: &generator))
                },
                attestations: inputs.attestations.shuffled(using: &generator), cumulativeBefore: [:],
                base: inputs.base, storage: 0, postage: 0, dustIn: inputs.dustIn, grants: inputs.grants, refunds: 0)
            #expect(shuffled.canonicalBytes == inputs.canonicalBytes, about)
            let (one, other) = (try EpochResult.compute(inputs), try EpochResult.compute(shuffled))
            #expect(one.canonicalBytes == other.canonicalBytes, about)
        }
    }

    @Test func `L30: what a node has in all never falls, and dust opens the next pool`() throws {
        try Self.each(1...20) { generator, about in
            var case_ = TestRewards.random(&generator, nodes: 4...4)
            var total: [UInt32: Amount] = [:]
            var (given, carried) = (UInt128(0), case_.dustIn)
            let opening = case_.dustIn
            for _ in 0..<12 {
                var next = TestRewards.random(&generator, nodes: 4...4)
                next.dustIn = carried
                next.before = total
                case_ = next
                let result = try case_.result()
                for row in result.rows {
                    #expect(row.cumulative >= (total[row.node] ?? .zero), about)
                    #expect(try (total[row.node] ?? .zero).adding(row.reward) == row.cumulative, about)
                    total[row.node] = row.cumulative
                }
                given += case_.captured + case_.grants
                carried = result.dust.units
            }
            #expect(try Amount.sum(total.values).units + carried == given + opening, about)
        }
    }

    @Test func `refunds come out of the pool, to the last unit of it`() throws {
        var case_ = TestRewards(nodes: [.init(stake: 1), .init(stake: 3)], captured: 100, grants: 10)
        for refunds: UInt128 in [0, 10, 11, 60, 109, 110] {
            case_.refunds = refunds
            let result = try case_.result()
            #expect(result.pool.units == 110 - refunds)
            #expect(try result.rewards.adding(result.dust) == result.pool)
        }
        case_.refunds = 111
        #expect(throws: RewardError.amount(.underflow)) { try case_.result() }
    }
}
