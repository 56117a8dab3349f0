import Payer
import Primitives
import Rewards

/// An amount with the code of what it is; docs/quickstart-operator.md lists the codes.
struct CodedAmount: Codable, Sendable {
    let code: String
    let amount: Amount
}

/// A ruleset in JSON: of an answer, and of a file for `feesvc simulate` and `feesvc admin ruleset`.
struct RulesetBody: Codable, Sendable {
    @Count32 var version: UInt32
    @Count32 var nodes: UInt32
    @Count32 var apps: UInt32
    @Count32 var `protocol`: UInt32
    /// `alike`, `alike-capped` or `stake`.
    let division: String
    @Count32 var stakeCap: UInt32
    @Count32 var penalty: UInt32
    @Count32 var penaltyCap: UInt32

    init(_ ruleset: Ruleset) {
        version = ruleset.version
        nodes = ruleset.nodes
        apps = ruleset.apps
        `protocol` = ruleset.protocolIncome
        division = Self.names[ruleset.division] ?? ""
        stakeCap = ruleset.stakeCap
        penalty = ruleset.penalty
        penaltyCap = ruleset.penaltyCap
    }

    private static let names: [FeeDivision: String] = [
        .alike: "alike", .alikeCapped: "alike-capped", .stake: "stake",
    ]

    /// The ruleset; throws where there is none like it.
    func ruleset() throws -> Ruleset {
        guard let division = Self.names.first(where: { $0.value == division })?.key else {
            throw OperatorError("division is \(division); it is alike-capped or stake (alike in version 1).")
        }
        do throws(Ruleset.Refusal) {
            return try Ruleset(
                version: version, nodes: nodes, apps: apps, protocolIncome: `protocol`, division: division,
                stakeCap: stakeCap, penalty: penalty, penaltyCap: penaltyCap)
        } catch {
            switch error {
            case .version(let version): throw OperatorError("There is no ruleset of version \(version).")
            case .outOfRange(let name):
                throw OperatorError("No pool can be split by this ruleset: \(name) is not allowed so (protocol.md §8).")
            }
        }
    }
}

/// Every unit between an epoch's pool and one node's share.
struct ExplanationBody: Codable, Sendable {
    struct Pool: Codable, Sendable {
        let sources: [CodedAmount]
        let refunds: Amount
        let total: Amount
        let uses: [CodedAmount]
    }

    struct Rest: Codable, Sendable {
        let total: Amount
        let reasons: [CodedAmount]
        let weight: Amount
        let weights: Amount
    }

    struct View: Codable, Sendable {
        @Count32 var observer: UInt32
        let parts: UInt32?
        let missing: String?
    }

    struct Metric: Codable, Sendable {
        @Count32 var parts: UInt32
        let quorum: Int
        /// `no_quorum` or `unobserved` where the metric was left out for the whole shard.
        let dropped: String?
        let views: [View]
    }

    struct Attested: Codable, Sendable {
        @Count32 var parts: UInt32
        @Count32 var due: UInt32
        @Count32 var given: UInt32
    }

    struct Share: Codable, Sendable {
        let full: Amount
        let losses: [CodedAmount]
        let earned: Amount
        let shared: Amount
        @Count32 var proofs: UInt32
        let taken: Amount
        let reward: Amount
    }

    struct Account: Codable, Sendable {
        let before: Amount
        let cumulative: Amount
        let claimed: Amount
        let outstanding: Amount
    }

    let epoch: UInt64
    /// Whether the epoch is not sealed: what it would be if it ended now.
    let preview: Bool
    let ruleset: RulesetBody
    @Count32 var node: UInt32
    let `operator`: Address
    let payout: Address
    let stake: Amount
    let weight: Amount
    let pool: Pool
    let base: Amount
    let rest: Rest
    let held: Metric
    let available: Metric
    let attested: Attested
    @Count32 var quality: UInt32
    let share: Share
    let account: Account
}

extension ExplanationBody {
    /// - Parameters:
    ///   - claimed: what the operator has claimed in all.
    ///   - outstanding: what it has earned and not claimed.
    init(_ found: RewardExplanation, isPreview: Bool, claimed: Amount, outstanding: Amount) {
        epoch = found.epoch
        preview = isPreview
        ruleset = RulesetBody(found.ruleset)
        node = found.participant.node
        `operator` = found.participant.operatorAddress
        payout = found.participant.payout
        stake = found.participant.stake
        weight = found.steps.weight
        pool = Pool(
            sources: found.sources.map { CodedAmount(code: $0.reason.rawValue, amount: $0.amount) },
            refunds: found.refunds, total: found.pool,
            uses: found.uses.map { CodedAmount(code: $0.reason.rawValue, amount: $0.amount) })
        base = found.base
        rest = Rest(
            total: found.rest,
            reasons: found.restReasons.map { CodedAmount(code: $0.reason.rawValue, amount: $0.amount) },
            weight: found.restWeight, weights: found.restWeights)
        held = Metric(found.held)
        available = Metric(found.available)
        attested = Attested(parts: found.attested, due: found.attestation.due, given: found.attestation.given)
        quality = found.quality
        share = Share(
            full: found.steps.full,
            losses: found.losses.map { CodedAmount(code: $0.reason.rawValue, amount: $0.amount) },
            earned: found.steps.earned, shared: found.steps.shared, proofs: found.proofs, taken: found.steps.taken,
            reward: found.reward)
        account = Account(
            before: found.cumulativeBefore, cumulative: found.cumulative, claimed: claimed, outstanding: outstanding)
    }
}

extension ExplanationBody.Metric {
    init(_ metric: ExplainedMetric) {
        parts = metric.parts
        quorum = metric.quorum
        dropped = metric.isDropped ? (metric.quorum == 0 ? "unobserved" : "no_quorum") : nil
        views = metric.views.map {
            ExplanationBody.View(observer: $0.observer, parts: $0.parts, missing: $0.missing?.rawValue)
        }
    }
}
