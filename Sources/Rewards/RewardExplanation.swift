public import Primitives

/// What a unit between the pool and the shares is, by a stable code.
public enum PoolReason: String, Hashable, Sendable, CaseIterable {
    /// Base fees captured.
    case base = "pool/base"
    /// Storage fees captured.
    case storage = "pool/storage"
    /// Postage captured.
    case postage = "pool/postage"
    /// The remainder of the epoch before.
    case dustIn = "pool/dust-in"
    /// Money given.
    case grants = "pool/grants"
    /// Refunds paid from it.
    case refunds = "pool/refunds"
    /// The applications' share.
    case apps = "share/apps"
    /// The protocol's share.
    case protocolIncome = "share/protocol"
    /// What nodes earned by what they did.
    case earned = "share/earned"
    /// What nodes got of what nobody earned.
    case shared = "share/rest"
    /// What proofs of equivocation took, on its way into the next pool.
    case taken = "dust/penalties"
    /// What floors left, on its way into the next pool.
    case remainder = "dust/remainder"
}

/// Why nobody earned a unit of the nodes' share, so that it is split by stake and availability; and what became of a node's
/// full part.
public enum LossReason: String, Hashable, Sendable, CaseIterable {
    /// Storage challenges that were not passed.
    case held = "lost/held"
    /// Probes that were not answered.
    case available = "lost/available"
    /// Results that were not signed in time.
    case attested = "lost/attested"
    /// A part above the node's part of the stake.
    case stakeCap = "lost/stake-cap"
    /// Grants and dust, which no message of the epoch brought in, less refunds.
    case uncaptured = "rest/not-captured"
    /// What floors left of the captured fees.
    case rounding = "rest/rounding"
}

/// An amount with the code of what it is.
public struct ExplainedAmount<Reason: Hashable & Sendable>: Hashable, Sendable {
    /// What it is.
    public let reason: Reason
    /// How much.
    public let amount: Amount
}

/// Every unit between an epoch's pool and one node's share.
public struct RewardExplanation: Hashable, Sendable {
    /// The epoch.
    public let epoch: UInt64
    /// The rules.
    public let ruleset: Ruleset
    /// The node.
    public let participant: Participant
    /// What the pool is made of; their sum less ``refunds`` is ``pool``.
    public let sources: [ExplainedAmount<PoolReason>]
    /// What was paid back from the pool.
    public let refunds: Amount
    /// What there was to split.
    public let pool: Amount
    /// Where the pool went; their sum is ``pool``.
    public let uses: [ExplainedAmount<PoolReason>]
    /// What was captured, as far as it is the nodes'.
    public let base: Amount
    /// What of the nodes' share nobody earned.
    public let rest: Amount
    /// Why, over all nodes; their sum is ``rest``.
    public let restReasons: [ExplainedAmount<LossReason>]
    /// Storage challenges.
    public let held: ExplainedMetric
    /// Probes.
    public let available: ExplainedMetric
    /// Results signed of those that were due, in parts of 10^9.
    public let attested: UInt32
    /// How many were due, and how many given.
    public let attestation: AttestationRecord
    /// The product of the three.
    public let quality: UInt32
    /// How the reward came about.
    public let steps: RewardSteps
    /// What the node lost of its full part, by reason; full part − these = earned.
    public let losses: [ExplainedAmount<LossReason>]
    /// The node's weight in the split of the rest: stake that counts × availability.
    public let restWeight: Amount
    /// All nodes' weights together.
    public let restWeights: Amount
    /// How many proofs of equivocation were logged in the epoch.
    public let proofs: UInt32
    /// What the node got.
    public let reward: Amount
    /// What its leaf held before.
    public let cumulativeBefore: Amount
    /// What its leaf holds.
    public let cumulative: Amount

    /// Explains one node's share; `nil` for a node that is not in the snapshot.
    ///
    /// - Parameters:
    ///   - newcomers: Nodes that observed and are not in the snapshot.
    ///   - refused: Why what some observers said was not taken, where that is known.
    public init?(
        _ node: UInt32, in inputs: RewardInputs, newcomers: Set<UInt32> = [], refused: [UInt32: MissingView] = [:]
    ) throws(RewardError) {
        guard let place = inputs.snapshot.firstIndex(where: { $0.node == node }) else { return nil }
        do {
            let split = try RewardSplit(inputs)
            try self.init(place: place, split, inputs, newcomers, refused)
        } catch {
            throw .amount(error)
        }
    }

    private init(
        place: Int, _ split: RewardSplit, _ inputs: RewardInputs, _ newcomers: Set<UInt32>,
        _ refused: [UInt32: MissingView]
    ) throws(AmountError) {
        epoch = inputs.epoch
        ruleset = inputs.ruleset
        participant = inputs.snapshot[place]
        refunds = inputs.refunds
        pool = split.pool
        base = split.base
        rest = split.rest
        steps = split.steps[place]
        sources = [
            .init(reason: .base, amount: inputs.base), .init(reason: .storage, amount: inputs.storage),
            .init(reason: .postage, amount: inputs.postage), .init(reason: .dustIn, amount: inputs.dustIn),
            .init(reason: .grants, amount: inputs.grants),
        ]
        uses = try split.uses
        restReasons = try split.restReasons
        losses = try steps.losses

        let node = participant.node
        let measured = split.contributions[node] ?? Contribution(held: 0, available: 0, attested: 0)
        held = ExplainedMetric(
            .held, of: node, inputs, parts: measured.held, dropped: split.dropped, newcomers: newcomers,
            refused: refused)
        available = ExplainedMetric(
            .available, of: node, inputs, parts: measured.available, dropped: split.dropped, newcomers: newcomers,
            refused: refused)
        attested = measured.attested
        attestation =
            inputs.attestations.first { $0.node == node } ?? AttestationRecord(node: node, due: 0, given: 0)
        quality = measured.quality
        restWeight = try steps.weight.times(UInt64(measured.available))
        restWeights = try split.restWeights(inputs.snapshot)
        proofs = inputs.penalties[node] ?? 0
        reward = try steps.reward
        cumulativeBefore = inputs.cumulativeBefore[node] ?? .zero
        cumulative = try cumulativeBefore.adding(reward)
    }
}

extension RewardSteps {
    /// Full part − these = earned, exactly: each step only takes away.
    var losses: [ExplainedAmount<LossReason>] {
        get throws(AmountError) {
            [
                .init(reason: .held, amount: try full.subtracting(afterHeld)),
                .init(reason: .available, amount: try afterHeld.subtracting(afterAvailable)),
                .init(reason: .attested, amount: try afterAvailable.subtracting(afterAttested)),
                .init(reason: .stakeCap, amount: try afterAttested.subtracting(earned)),
            ]
        }
    }
}

extension RewardSplit {
    fileprivate var uses: [ExplainedAmount<PoolReason>] {
        get throws(AmountError) {
            let taken = try Amount.sum(steps.map(\.taken))
            let earned = try Amount.sum(steps.map(\.earned))
            let shared = try Amount.sum(steps.map(\.shared))
            let remainder = try rest.subtracting(shared)
            // A penalty takes from what was shared first; the codes tell what the nodes kept.
            let fromShared = min(taken, shared)
            return [
                .init(reason: .apps, amount: apps), .init(reason: .protocolIncome, amount: protocolIncome),
                .init(reason: .earned, amount: try earned.subtracting(try taken.subtracting(fromShared))),
                .init(reason: .shared, amount: try shared.subtracting(fromShared)),
                .init(reason: .taken, amount: taken), .init(reason: .remainder, amount: remainder),
            ]
        }
    }

    fileprivate var restReasons: [ExplainedAmount<LossReason>] {
        get throws(AmountError) {
            var lost: [LossReason: Amount] = [:]
            for step in steps {
                for loss in try step.losses { lost[loss.reason] = try (lost[loss.reason] ?? .zero).adding(loss.amount) }
            }
            let nodes = try pool.subtracting(apps).subtracting(protocolIncome)
            lost[.uncaptured] = try nodes.subtracting(base)
            lost[.rounding] = try base.subtracting(try Amount.sum(steps.map(\.full)))
            return LossReason.allCases.map { .init(reason: $0, amount: lost[$0] ?? .zero) }
        }
    }

    fileprivate func restWeights(_ snapshot: [Participant]) throws(AmountError) -> Amount {
        var all = Amount.zero
        for (place, participant) in snapshot.enumerated() {
            all = try all.adding(
                try steps[place].weight.times(UInt64(contributions[participant.node]?.available ?? 0)))
        }
        return all
    }
}
