public import Primitives

/// Why an epoch has no result.
public enum RewardError: Error, Hashable, Sendable {
    /// A sum is above 2^128 − 1, or refunds are above what there is.
    case amount(AmountError)
}

/// How one node's reward came about, each step rounded down.
public struct RewardSteps: Hashable, Sendable {
    /// What the node would have earned with every measure at one whole, and without cap.
    public var full = Amount.zero
    /// What is left of ``full`` with *held* as it was measured.
    public var afterHeld = Amount.zero
    /// What is left with *held* and *available*.
    public var afterAvailable = Amount.zero
    /// What is left with the whole quality.
    public var afterAttested = Amount.zero
    /// What is left where the division caps it by stake.
    public var earned = Amount.zero
    /// The stake that counts, after the cap on stakes.
    public var weight = Amount.zero
    /// The node's part of what nobody earned.
    public var shared = Amount.zero
    /// What proofs of equivocation take.
    public var taken = Amount.zero

    /// earned + shared − taken.
    public var reward: Amount { get throws(AmountError) { try earned.adding(shared).subtracting(taken) } }
}

/// How a pool is split: floors, and the remainder carried as dust. Version 1 is version 2 with fixed parameters.
struct RewardSplit {
    /// What there is to split.
    var pool: Amount
    /// The applications' share.
    var apps: Amount
    /// The protocol's share.
    var protocolIncome: Amount
    /// The nodes' part of what was captured in the epoch.
    var base: Amount
    /// What of the nodes' share nobody earned.
    var rest: Amount
    /// What nodes were measured, by node.
    var contributions: [UInt32: Contribution]
    /// Metrics without quorum.
    var dropped: DroppedMetrics
    /// The steps of each node, in the snapshot's order.
    var steps: [RewardSteps]

    init(_ inputs: RewardInputs) throws(AmountError) {
        let rules = inputs.ruleset
        let captured = try Amount.sum([inputs.base, inputs.storage, inputs.postage])
        pool = try Amount.sum([captured, inputs.dustIn, inputs.grants]).subtracting(inputs.refunds)
        apps = try pool.part(rules.apps)
        protocolIncome = try pool.part(rules.protocolIncome)
        base = try min(pool, captured).part(rules.nodes)
        (contributions, dropped) = Measurement.contributions(inputs)
        steps = inputs.snapshot.map { _ in RewardSteps() }
        rest = try pool.subtracting(apps).subtracting(protocolIncome)

        try weigh(inputs.snapshot, cap: rules.stakeCap)
        try earn(inputs.snapshot, rules.division)
        rest = try rest.subtracting(try Amount.sum(steps.map(\.earned)))
        try share(inputs.snapshot)
        for (place, participant) in inputs.snapshot.enumerated() {
            let proofs = UInt64(inputs.penalties[participant.node] ?? 0)
            let parts = min(UInt64(rules.penalty).multipliedClamped(by: proofs), UInt64(rules.penaltyCap))
            steps[place].taken = try steps[place].earned.adding(steps[place].shared).part(UInt32(parts))
        }
    }

    /// Each stake, as far as it counts: at most `cap` parts of all stake.
    private mutating func weigh(_ snapshot: [Participant], cap: UInt32) throws(AmountError) {
        guard cap < Ruleset.whole else {
            for (place, participant) in snapshot.enumerated() { steps[place].weight = participant.stake }
            return
        }
        let most = try Amount.sum(snapshot.map(\.stake)).part(cap)
        for (place, participant) in snapshot.enumerated() { steps[place].weight = min(participant.stake, most) }
    }

    /// Divides what was captured, times quality.
    private mutating func earn(_ snapshot: [Participant], _ division: FeeDivision) throws(AmountError) {
        let weights = division == .alike ? Amount.zero : try Amount.sum(steps.map(\.weight))
        let whole = UInt64(Contribution.whole)
        for (place, participant) in snapshot.enumerated() {
            let measured = contributions[participant.node] ?? Contribution(held: 0, available: 0, attested: 0)
            let weight = steps[place].weight
            let base = base
            func part(_ quality: UInt32) throws(AmountError) -> Amount {
                switch division {
                case .alike, .alikeCapped:
                    return try base.scaledRoundingDown(
                        by: UInt128(quality), over: UInt128(snapshot.count) * UInt128(whole))
                case .stake:
                    guard weights > .zero else { return .zero }
                    return try base.scaledRoundingDown(
                        by: try weight.times(UInt64(quality)).units, over: try weights.times(whole).units)
                }
            }
            steps[place].full = try part(Contribution.whole)
            steps[place].afterHeld = try part(measured.held)
            steps[place].afterAvailable = try part(
                UInt32(UInt64(measured.held) * UInt64(measured.available) / whole))
            steps[place].afterAttested = try part(measured.quality)
            steps[place].earned = steps[place].afterAttested
            if division == .alikeCapped {
                let cap =
                    weights > .zero
                    ? try base.scaledRoundingDown(by: weight.units, over: weights.units) : Amount.zero
                steps[place].earned = min(cap, steps[place].afterAttested)
            }
        }
    }

    /// Shares what nobody earned by weight × availability; where nobody has any, nobody gets anything.
    private mutating func share(_ snapshot: [Participant]) throws(AmountError) {
        var values: [Amount] = []
        for (place, participant) in snapshot.enumerated() {
            values.append(try steps[place].weight.times(UInt64(contributions[participant.node]?.available ?? 0)))
        }
        let total = try Amount.sum(values)
        guard total > .zero else { return }
        for (place, value) in values.enumerated() {
            steps[place].shared = try rest.scaledRoundingDown(by: value.units, over: total.units)
        }
    }
}

extension Amount {
    /// ⌊self × parts ÷ 10^9⌋.
    func part(_ parts: UInt32) throws(AmountError) -> Amount {
        try scaledRoundingDown(by: UInt128(parts), over: UInt128(Contribution.whole))
    }
}

extension UInt64 {
    /// The product, or the largest number where it is above that.
    fileprivate func multipliedClamped(by other: UInt64) -> UInt64 {
        let (product, over) = multipliedReportingOverflow(by: other)
        return over ? .max : product
    }
}

extension EpochResult {
    /// Computes the result of an epoch. The same inputs give the same bytes everywhere.
    public static func compute(_ inputs: RewardInputs) throws(RewardError) -> EpochResult {
        do {
            return try EpochResult(inputs, split: try RewardSplit(inputs))
        } catch {
            throw .amount(error)
        }
    }
}
