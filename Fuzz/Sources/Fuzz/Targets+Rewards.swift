import Channels
import Primitives
import Rewards

/// What pools are split by, what is given to them, and what proves an operator's lie.
let rewardTargets: [FuzzTarget] = [
    FuzzTarget("ruleset", seeds: { [Ruleset.first.canonicalBytes, Ruleset.second.canonicalBytes] }) { bytes in
        guard let ruleset = canonical(bytes, Ruleset.init(canonicalBytes:), \.canonicalBytes) else { return }
        let shares = UInt64(ruleset.nodes) + UInt64(ruleset.apps) + UInt64(ruleset.protocolIncome)
        require(shares == UInt64(Ruleset.whole), "shares are not one whole")
        require(ruleset.penalty <= ruleset.penaltyCap && ruleset.penaltyCap <= Ruleset.whole, "a penalty has no cap")
    },
    FuzzTarget("result-2", seeds: { [try EpochResult.compute(splitInputs).canonicalBytes] }) {
        canonical($0, EpochResult.init(canonicalBytes:), \.canonicalBytes)
    },
    FuzzTarget("equivocation", seeds: { [madeUpEquivocation?.canonicalBytes ?? []] }) { bytes in
        guard let evidence = canonical(bytes, Equivocation.init(canonicalBytes:), \.canonicalBytes) else { return }
        require(evidence.sides[0].attestation != evidence.sides[1].attestation, "one result is two")
        _ = evidence.isGood(in: madeUpDomain)
    },
    FuzzTarget("silence", seeds: { [Silence(before: 4, registered: [1, 2, 3], heard: [2]).canonicalBytes] }) { bytes in
        guard let silence = canonical(bytes, Silence.init(canonicalBytes:), \.canonicalBytes) else { return }
        require(!silence.nodes.isEmpty && silence.nodes == silence.nodes.sorted(), "the nodes are not in their order")
    },
    FuzzTarget("grant", seeds: { [Grant(amount: 5, reference: .zero).leaf.body] }) {
        canonical($0, Grant.init(leafBody:)) { $0.leaf.body }
    },
]

private let madeUpDomain = EIP712Domain(chainID: .zero, verifyingContract: .zero)

private let splitInputs = RewardInputs(
    ruleset: .second, epoch: 1, firstIndex: 0, endIndex: 9, logRoot: .zero,
    snapshot: [
        Participant(node: 1, operatorAddress: .zero, payout: .zero, stake: 5),
        Participant(node: 2, operatorAddress: .zero, payout: .zero, stake: 7),
    ], observations: [], attestations: [], cumulativeBefore: [:], base: 100, storage: 10, postage: 1, dustIn: 3,
    grants: 50, refunds: 4, penalties: [2: 1])

private let madeUpEquivocation: Equivocation? = {
    let key = SecretKey(seed: 1, label: "operator")
    func side(_ rewards: Amount) -> Equivocation.Side {
        let attestation = Attestation(
            epoch: 3, result: .zero, root: .zero, rewards: rewards, inputs: .zero, ruleset: 2)
        return Equivocation.Side(attestation, key.sign(madeUpDomain.digest(of: attestation)))
    }
    return Equivocation(key.address, side(1), side(2))
}()
