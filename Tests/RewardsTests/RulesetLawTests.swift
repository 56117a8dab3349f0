import Primitives
import Rewards
import Testing

/// Laws of the split (research notes, section F) under version 2, by stake and alike.
@Suite struct RulesetLawTests {
    private static let whole: UInt32 = 1_000_000_000

    /// A ruleset at random; shares and penalties are zero where `isPlain`.
    private static func ruleset(_ generator: inout SplitMix64, isPlain: Bool = false) throws -> Ruleset {
        let apps = isPlain ? 0 : UInt32.random(in: 0...whole / 2, using: &generator)
        let income = isPlain ? 0 : UInt32.random(in: 0...whole / 2, using: &generator)
        let cap = isPlain ? 0 : UInt32.random(in: 0...whole, using: &generator)
        return try Ruleset(
            version: 2, nodes: whole - apps - income, apps: apps, protocolIncome: income,
            division: Bool.random(using: &generator) ? .stake : .alikeCapped,
            stakeCap: isPlain ? whole : UInt32.random(in: 1...whole, using: &generator),
            penalty: cap == 0 ? 0 : UInt32.random(in: 0...cap, using: &generator), penaltyCap: cap)
    }

    private static func each(
        _ seeds: ClosedRange<UInt64> = 1...100, isPlain: Bool = false,
        _ body: (inout SplitMix64, TestRewards, Comment) throws -> Void
    ) throws {
        for seed in seeds {
            var generator = SplitMix64(seed: seed)
            let ruleset = try ruleset(&generator, isPlain: isPlain)
            var case_ = TestRewards.random(&generator, by: ruleset)
            if !isPlain {
                for place in case_.nodes.indices where Int.random(in: 0..<4, using: &generator) == 0 {
                    case_.penalties[UInt32(place + 1)] = UInt32.random(in: 1...5, using: &generator)
                }
            }
            try body(&generator, case_, "seed \(seed), \(ruleset)")
        }
    }

    @Test func `L19: shares, rewards and dust are the pool, and dust without penalties is below the number of nodes`()
        throws
    {
        try Self.each { _, case_, about in
            let result = try case_.result()
            let out = try Amount.sum([result.apps, result.protocolIncome, result.rewards, result.dust])
            #expect(out == result.pool, about)
            let taken = try Amount.sum(result.rows.map(\.taken))
            for row in result.rows {
                #expect(try row.earned.adding(row.shared) == row.reward.adding(row.taken), about)
            }
            let hasWeight = result.rows.contains {
                case_.nodes[Int($0.node) - 1].stake > 0 && $0.contribution.available > 0
            }
            guard hasWeight else { return }
            #expect(try result.dust.subtracting(taken).units < UInt128(result.rows.count), about)
        }
    }

    @Test func `L20: nothing is earned above the node's part of the stake, and no stake is nothing`() throws {
        try Self.each(isPlain: true) { _, case_, about in
            let result = try case_.result()
            let total = case_.nodes.reduce(UInt128(0)) { $0 + $1.stake }
            for row in result.rows where total > 0 {
                let stake = case_.nodes[Int(row.node) - 1].stake
                // earned × total ≤ captured × stake: both below 2^128, by the scale of random cases.
                #expect(row.earned.units * total <= case_.captured * stake, about)
                if stake == 0 { #expect(row.reward == 0, about) }
            }
        }
    }

    @Test func `L21: more in the pool is less for nobody`() throws {
        try Self.each { generator, case_, about in
            let before = try case_.result()
            var more = case_
            more.grants += UInt128.random(in: 0...1_000_000, using: &generator)
            for (old, new) in zip(before.rows, try more.result().rows) {
                #expect(new.earned == old.earned, about)
                #expect(new.shared >= old.shared, about)
                #expect(new.reward >= old.reward, about)
            }
        }
    }

    @Test func `L22: more stake is not less for its node, and of one split not more for the others`() throws {
        try Self.each(isPlain: true) { generator, case_, about in
            let place = Int.random(in: 0..<case_.nodes.count, using: &generator)
            let more = UInt128.random(in: 0...1_000_000_000, using: &generator)
            // What is shared alone, and what is earned alone: a share of what others left unearned may rise with them.
            for isShared in [true, false] {
                var old = case_
                if isShared { old.captured = 0 } else { old.grants = 0 }
                var new = old
                new.nodes[place].stake += more
                for (index, (before, after)) in zip(try old.result().rows, try new.result().rows).enumerated() {
                    let (was, now) = isShared ? (before.shared, after.shared) : (before.earned, after.earned)
                    #expect(index == place ? now >= was : now <= was, about)
                }
            }
        }
    }

    @Test func `L23: by stake, a node split in two never gets more, and loses less than four units`() throws {
        try Self.each(isPlain: true) { generator, case_, about in
            var case_ = case_
            case_.ruleset = .second
            let place = Int.random(in: 0..<case_.nodes.count, using: &generator)
            let whole = try case_.result().rows[place].reward.units
            var twin = case_.nodes[place]
            twin.stake = UInt128.random(in: 0...twin.stake, using: &generator)
            case_.nodes[place].stake -= twin.stake
            case_.nodes.append(twin)
            let rows = try case_.result().rows
            let parts = rows[place].reward.units + rows[rows.count - 1].reward.units
            #expect(parts <= whole, about)
            #expect(whole - parts < 4, about)
        }
    }

    @Test func `L24: stakes in another unit split alike, and sums that do not fit are refused`() throws {
        try Self.each(isPlain: true) { generator, case_, about in
            var case_ = case_
            let before = try case_.result().rows.map(\.reward)
            let factor = UInt128.random(in: 1...1_000_000_007, using: &generator)
            for place in case_.nodes.indices { case_.nodes[place].stake *= factor }
            #expect(try case_.result().rows.map(\.reward) == before, about)
            case_.nodes[0].stake = .max
            #expect(throws: RewardError.amount(.overflow), about) { try case_.result() }
        }
    }

    @Test func `L32: penalties take no more than their cap, and what they take is in the next pool`() throws {
        try Self.each { _, case_, about in
            var without = case_
            without.penalties = [:]
            let (clean, result) = (try without.result(), try case_.result())
            var taken = UInt128(0)
            for (before, row) in zip(clean.rows, result.rows) {
                taken += row.taken.units
                let gross = before.reward.units
                #expect(row.earned == before.earned && row.shared == before.shared, about)
                // Products are below 2^128: gross is below 2^81, parts below 2^30.
                #expect(row.taken.units * UInt128(Self.whole) <= gross * UInt128(case_.ruleset.penaltyCap), about)
                if case_.penalties[row.node] == nil { #expect(row.taken == 0, about) }
                #expect(row.cumulative == row.reward, about)
            }
            #expect(result.dust.units == clean.dust.units + taken, about)
            var more = case_
            for node in case_.penalties.keys { more.penalties[node] = .max }
            for (few, many) in zip(result.rows, try more.result().rows) { #expect(many.taken >= few.taken, about) }
        }
    }

    /// Rewards are posted out of a pool that is in custody, all at once: there is never less than is owed, so that there is
    /// no order of claims to decide by. What a pool lacks is refused before anybody is owed anything.
    @Test func `L33: nobody is owed more than the pool holds`() throws {
        try Self.each { generator, case_, about in
            var case_ = case_
            let pool = case_.captured + case_.grants + case_.dustIn
            case_.refunds = UInt128.random(in: 0...pool, using: &generator)
            let result = try case_.result()
            #expect(result.rewards.units <= pool - case_.refunds, about)
            case_.refunds = pool + 1
            #expect(throws: RewardError.amount(.underflow), about) { try case_.result() }
        }
    }
}
