import Channels
import Payer
import Primitives
import Rewards

/// What an epoch's leaves say of the split of pools: rulesets, grants, and proofs of equivocation.
struct RewardReplay {
    /// A proof by what counts it: one for each operator and epoch.
    struct Proof: Hashable {
        let epoch: UInt64
        let operatorAddress: Address
    }

    /// The ruleset in force when the epoch begins.
    let ruleset: Ruleset
    /// The one that the next epoch begins with.
    var next: Ruleset
    /// What was given to the epoch's pool.
    var grants = Amount.zero
    /// What corrections gave to the epoch's pool, and took from it.
    var corrected = (into: Amount.zero, outOf: Amount.zero)
    /// What corrections of the epoch gave to operators, by node.
    var credited: [UInt32: Amount] = [:]
    /// Every proof of the log so far.
    var proofs: Set<Proof>
    /// How many of the epoch's proofs are against each operator.
    var penalties: [Address: UInt32] = [:]

    init(_ opening: EpochOpening, _ genesis: Genesis) throws {
        if let bytes = opening.ruleset {
            ruleset = try Ruleset(canonicalBytes: bytes.bytes)
        } else if let named = Ruleset(genesis: genesis.ruleset) {
            ruleset = named
        } else {
            throw AuditDifference("opening.json", "ruleset", expected: "1 or 2", found: genesis.ruleset)
        }
        next = ruleset
        proofs = Set(
            (opening.equivocations ?? []).map { Proof(epoch: $0.epoch, operatorAddress: $0.operatorAddress) })
    }
}

extension EpochReplay {
    /// Replays a grant.
    mutating func grant(_ grant: Grant) throws {
        rewards.grants = try rewards.grants.adding(grant.amount)
    }

    /// Replays a proof of equivocation: both signatures are the operator's, who runs a node, and it is the first of its epoch.
    mutating func penalty(_ evidence: Equivocation, _ place: LeafPlace) throws {
        guard evidence.isGood(in: genesis.domain) else {
            throw AuditDifference(
                place, "signatures", expected: "both of \(evidence.operatorAddress)", found: "others")
        }
        guard nodes.contains(where: { $0.node.registration.operatorAddress == evidence.operatorAddress }) else {
            throw AuditDifference(place, "operator", expected: "one with a node", found: evidence.operatorAddress)
        }
        let proof = RewardReplay.Proof(epoch: evidence.epoch, operatorAddress: evidence.operatorAddress)
        guard rewards.proofs.insert(proof).inserted else {
            throw AuditDifference(place, "proofs of this operator and epoch", expected: "one", found: "two")
        }
        rewards.penalties[evidence.operatorAddress, default: 0] += 1
    }
}
