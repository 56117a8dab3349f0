public import Primitives

/// What a coalition of operators does to get more than its work is worth.
public enum Attack: String, Hashable, Sendable, CaseIterable {
    /// It answers probes and stores nothing.
    case lazy
    /// It stores nothing, and its observers say that its nodes do everything and the others nothing.
    case collude
    /// It pays for traffic of its own.
    case wash
    /// It runs four nodes in place of each, with a quarter of the stake.
    case split
}

/// One epoch of a network of 100 nodes of like stake, some of which are a coalition's, as the rules would pay it. A model
/// for `feesvc simulate` and for laws; deterministic by its seed.
public struct AttackModel: Sendable {
    /// What a coalition did, and what it and the others got for it.
    public struct Outcome: Hashable, Sendable {
        /// The coalition's rewards where it does its work like the others.
        public let honest: Amount
        /// Its rewards where it attacks.
        public let attacking: Amount
        /// What it paid for traffic of its own.
        public let paid: Amount
        /// The others' rewards where it does its work.
        public let othersBefore: Amount
        /// The others' rewards where it attacks.
        public let othersAfter: Amount

        /// Whether it is better off: attacking − paid > honest.
        public var isGain: Bool { gain.isPositive }

        /// attacking − paid − honest, as a sign and an amount.
        public var gain: (isPositive: Bool, amount: Amount) { Self.difference(attacking, honest, paid) }

        /// othersAfter − othersBefore.
        public var othersGain: (isPositive: Bool, amount: Amount) {
            Self.difference(othersAfter, othersBefore, .zero)
        }

        private static func difference(
            _ added: Amount, _ first: Amount, _ second: Amount
        ) -> (isPositive: Bool, amount: Amount) {
            // The model's money is far below 2^127, so that neither sum can be out of range.
            let subtracted = first.units + second.units
            return added.units > subtracted
                ? (true, Amount(added.units - subtracted)) : (false, Amount(subtracted - added.units))
        }
    }

    /// How many nodes there are: the coalition has one for each percent of the stake.
    public static let nodeCount = 100
    private static let stake: UInt128 = 4_000_000_000_000

    /// The rules.
    public let ruleset: Ruleset
    /// The coalition's percent of the stake, 0 … 100.
    public let percent: Int
    private let captured: Amount
    private let grants: Amount
    private let washed: Amount
    private let held: [UInt32]
    private let available: [UInt32]

    /// Draws traffic and measures from a seed.
    public init(_ ruleset: Ruleset, percent: Int, seed: UInt64) {
        precondition((0...100).contains(percent), "a percent of the stake")
        var generator = SplitMix64(seed: seed)
        self.ruleset = ruleset
        self.percent = percent
        captured = Amount(UInt128.random(in: 1_000_000_000_000...100_000_000_000_000, using: &generator))
        grants = Amount(UInt128.random(in: 0...1_000_000_000_000, using: &generator))
        washed = Amount(UInt128.random(in: 1_000_000_000_000...200_000_000_000_000, using: &generator))
        held = (0..<Self.nodeCount).map { _ in UInt32.random(in: 950...1_000, using: &generator) }
        available = (0..<Self.nodeCount).map { _ in UInt32.random(in: 950...1_000, using: &generator) }
    }

    /// What an attack brings.
    public func run(_ attack: Attack) throws(RewardError) -> Outcome {
        let before = try rewards(nil)
        let after = try rewards(attack)
        return Outcome(
            honest: before.coalition, attacking: after.coalition, paid: attack == .wash ? washed : .zero,
            othersBefore: before.others, othersAfter: after.others)
    }

    private struct Node {
        let number: UInt32
        let isCoalition: Bool
        let stake: UInt128
        let held: UInt32
        let available: UInt32
    }

    private func nodes(_ attack: Attack?) -> [Node] {
        var nodes: [Node] = []
        for place in 0..<Self.nodeCount {
            let isCoalition = place < percent
            let parts = isCoalition && attack == .split ? 4 : 1
            let isIdle = isCoalition && (attack == .lazy || attack == .collude)
            for _ in 0..<parts {
                nodes.append(
                    Node(
                        number: UInt32(nodes.count + 1), isCoalition: isCoalition,
                        stake: Self.stake / UInt128(parts), held: isIdle ? 0 : held[place],
                        available: available[place]))
            }
        }
        return nodes
    }

    private func rewards(_ attack: Attack?) throws(RewardError) -> (coalition: Amount, others: Amount) {
        let nodes = nodes(attack)
        let result = try EpochResult.compute(try inputs(nodes, attack))
        var coalition = Amount.zero
        var others = Amount.zero
        do {
            for (node, row) in zip(nodes, result.rows) {
                if node.isCoalition {
                    coalition = try coalition.adding(row.reward)
                } else {
                    others = try others.adding(row.reward)
                }
            }
        } catch {
            throw .amount(error)
        }
        return (coalition, others)
    }

    private func inputs(_ nodes: [Node], _ attack: Attack?) throws(RewardError) -> RewardInputs {
        let observations = nodes.map { observer in
            Observation(
                epoch: 1, observer: observer.number,
                subjects: nodes.filter { $0.number != observer.number }.map { node in
                    var (held, available) = (node.held, node.available)
                    if attack == .collude, observer.isCoalition {
                        held = node.isCoalition ? 1_000 : 0
                        available = held
                    }
                    return Observation.Subject(
                        node: node.number, probes: 1_000, answered: available, challenges: 1_000, passed: held,
                        firstDelivered: 0, bytesServed: 0)
                })
        }
        let base: Amount
        do {
            base = attack == .wash ? try captured.adding(washed) : captured
        } catch {
            throw .amount(error)
        }
        return RewardInputs(
            ruleset: ruleset, epoch: 1, firstIndex: 0, endIndex: 1, logRoot: .zero,
            snapshot: nodes.map {
                Participant(node: $0.number, operatorAddress: .zero, payout: .zero, stake: Amount($0.stake))
            }, observations: observations,
            attestations: nodes.map { AttestationRecord(node: $0.number, due: 1, given: 1) }, cumulativeBefore: [:],
            base: base, storage: .zero, postage: .zero, dustIn: .zero, grants: grants, refunds: .zero)
    }
}
