import Primitives
import Rewards

/// Inputs of a reward split, told by what the others say of each node.
struct TestRewards {
    /// A node: its stake, and in thousandths what everybody measured of it.
    struct Node {
        var stake: UInt128
        var held: UInt32 = 1_000
        var available: UInt32 = 1_000
        var attested: UInt32 = 1_000
    }

    var ruleset: Ruleset = .first
    var nodes: [Node]
    var captured: UInt128 = 0
    var grants: UInt128 = 0
    var dustIn: UInt128 = 0
    var refunds: UInt128 = 0
    var before: [UInt32: Amount] = [:]
    var penalties: [UInt32: UInt32] = [:]

    /// Nodes and money at random; everything stays far below 2^128.
    static func random(
        _ generator: inout SplitMix64, nodes count: ClosedRange<Int> = 2...9, by ruleset: Ruleset = .first
    ) -> TestRewards {
        let nodes = (0..<Int.random(in: count, using: &generator)).map { _ in
            func part() -> UInt32 {
                Bool.random(using: &generator) ? 1_000 : UInt32.random(in: 0...1_000, using: &generator)
            }
            let stake = UInt128.random(in: 0...1_000_000_000, using: &generator)
            return Node(
                stake: Int.random(in: 0..<8, using: &generator) == 0 ? 0 : stake, held: part(), available: part(),
                attested: part())
        }
        let scale = UInt128(1) << UInt128.random(in: 0...80, using: &generator)
        return TestRewards(
            ruleset: ruleset, nodes: nodes, captured: UInt128.random(in: 0...scale, using: &generator),
            grants: UInt128.random(in: 0...scale, using: &generator),
            dustIn: UInt128.random(in: 0...9, using: &generator))
    }

    static func participant(_ number: UInt32, stake: UInt128) -> Participant {
        Participant(
            node: number, operatorAddress: SecretKey(seed: UInt64(number), label: "operator").address,
            payout: Address([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 20)) ?? .zero,
            stake: Amount(stake))
    }

    /// What a node says of another; all counts are zero unless given.
    static func subject(
        _ node: UInt32, probes: UInt32 = 0, answered: UInt32 = 0, challenges: UInt32 = 0, passed: UInt32 = 0
    ) -> Observation.Subject {
        Observation.Subject(
            node: node, probes: probes, answered: answered, challenges: challenges, passed: passed, firstDelivered: 0,
            bytesServed: 0)
    }

    var inputs: RewardInputs {
        let numbers = nodes.indices.map { UInt32($0 + 1) }
        let observations = numbers.map { observer in
            Observation(
                epoch: 1, observer: observer,
                subjects: zip(numbers, nodes).filter { $0.0 != observer }.map { number, node in
                    Self.subject(
                        number, probes: 1_000, answered: node.available, challenges: 1_000, passed: node.held)
                })
        }
        return RewardInputs(
            ruleset: ruleset, epoch: 1, firstIndex: 0, endIndex: 1, logRoot: .zero,
            snapshot: zip(numbers, nodes).map { Self.participant($0, stake: $1.stake) }, observations: observations,
            attestations: zip(numbers, nodes).map { AttestationRecord(node: $0, due: 1_000, given: $1.attested) },
            cumulativeBefore: before, base: Amount(captured), storage: 0, postage: 0, dustIn: Amount(dustIn),
            grants: Amount(grants), refunds: Amount(refunds), penalties: penalties)
    }

    func result() throws -> EpochResult { try EpochResult.compute(inputs) }
}
