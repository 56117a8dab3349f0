public import Primitives

/// Why an epoch has no result.
public enum RewardError: Error, Hashable, Sendable {
    /// No rules of this version are known.
    case unknownRuleset(UInt32)
    /// A sum is above 2^128 − 1, or refunds are above what there is.
    case amount(AmountError)
}

/// How a pool is split: floors, and the remainder carried as dust.
struct RewardSplit {
    var pool: Amount
    var rewards: Amount
    var dust: Amount
    var dropped: DroppedMetrics
    var rows: [RewardRow]
}

extension EpochResult {
    /// Computes the result of an epoch. The same inputs give the same bytes everywhere.
    public static func compute(_ inputs: RewardInputs) throws(RewardError) -> EpochResult {
        guard inputs.ruleset == 1 else { throw .unknownRuleset(inputs.ruleset) }
        do {
            return EpochResult(inputs, split: try split(inputs))
        } catch {
            throw .amount(error)
        }
    }

    private static func split(_ inputs: RewardInputs) throws(AmountError) -> RewardSplit {
        let captured = try Amount.sum([inputs.base, inputs.storage, inputs.postage])
        let pool = try Amount.sum([captured, inputs.dustIn, inputs.grants]).subtracting(inputs.refunds)
        let (contributions, dropped) = Measurement.contributions(inputs)
        let nodes = inputs.snapshot.map {
            ($0, contributions[$0.node] ?? Contribution(held: 0, available: 0, attested: 0))
        }

        let parts = UInt128(nodes.count) * UInt128(Contribution.whole)
        let base = min(pool, captured)
        var earned: [Amount] = []
        for (_, contribution) in nodes {
            earned.append(try base.scaledRoundingDown(by: UInt128(contribution.quality), over: parts))
        }
        let rest = try pool.subtracting(try Amount.sum(earned))
        let shared = try apportion(rest, weights: nodes.map { Weight(stake: $0.0.stake, available: $0.1.available) })

        var rows: [RewardRow] = []
        var rewards = Amount.zero
        for (place, (participant, contribution)) in nodes.enumerated() {
            let reward = try earned[place].adding(shared[place])
            let before = inputs.cumulativeBefore[participant.node] ?? .zero
            rewards = try rewards.adding(reward)
            rows.append(
                RewardRow(
                    node: participant.node, payout: participant.payout, contribution: contribution,
                    earned: earned[place], shared: shared[place], reward: reward,
                    cumulative: try before.adding(reward)))
        }
        return RewardSplit(
            pool: pool, rewards: rewards, dust: try pool.subtracting(rewards), dropped: dropped, rows: rows)
    }

    private struct Weight {
        let stake: Amount
        let available: UInt32
    }

    /// ⌊amount × weight ÷ Σ weights⌋ for each; where no weight is above zero nobody gets anything.
    private static func apportion(_ amount: Amount, weights: [Weight]) throws(AmountError) -> [Amount] {
        var values: [UInt128] = []
        var total = Amount.zero
        for weight in weights {
            let value = try weight.stake.times(UInt64(weight.available))
            values.append(value.units)
            total = try total.adding(value)
        }
        guard total > .zero else { return weights.map { _ in .zero } }
        var shares: [Amount] = []
        for value in values { shares.append(try amount.scaledRoundingDown(by: value, over: total.units)) }
        return shares
    }
}
