import Channels
import Primitives
import Rewards
import Storage

/// The result of an epoch, recomputed from its public inputs alone.
struct EpochAudit {
    let replay: EpochReplay
    let result: EpochResult
    /// What the result was computed from.
    let inputs: RewardInputs
    /// Nodes that observed and are not in the epoch's snapshot.
    let newcomers: Set<UInt32>

    /// Replays an epoch that fits into memory; the rest as ``init(_:opening:seal:head:)``.
    init(opening: EpochOpening, held: [OpenCharge], log: [LogLeaf], seal: [LogLeaf], head: SignedHead) throws {
        var replay = try EpochReplay(opening, refunded: NamedCharges(log).refunded)
        for charge in held { try replay.open(charge) }
        for leaf in log { try replay.apply(leaf) }
        try self.init(replay, opening: opening, seal: seal, head: head)
    }

    /// Recomputes as ``init(recomputing:opening:seal:head:)`` does, and compares the result with the one that was sealed,
    /// byte by byte.
    init(_ replay: EpochReplay, opening: EpochOpening, seal: [LogLeaf], head: SignedHead) throws {
        try self.init(recomputing: replay, opening: opening, seal: seal, head: head)
        let result = result
        try AuditDifference.inPlace("seal.csv") { try Self.compare(result, with: seal) }
    }

    /// Checks the signed head at the edge of an epoch that was replayed, and recomputes the result from the nodes' signed
    /// observations. Which result was sealed is not looked at.
    init(recomputing replay: EpochReplay, opening: EpochOpening, seal: [LogLeaf], head: SignedHead) throws {
        guard replay.isClosed else {
            throw AuditDifference("log.csv", "last leaf", expected: "an edge", found: "another")
        }
        try Self.check(head, replay)
        let (inputs, result) = try AuditDifference.inPlace("seal.csv") {
            let inputs = try Self.inputs(replay, opening, seal, head)
            return (inputs, try EpochResult.compute(inputs))
        }
        self.inputs = inputs
        newcomers = Set(try Self.observations(seal, replay).map(\.observer)).subtracting(inputs.snapshot.map(\.node))
        self.replay = replay
        self.result = result
    }

    private static func check(_ head: SignedHead, _ replay: EpochReplay) throws {
        guard replay.keys.hasSigned(head) else {
            throw AuditDifference("head.csv", "signature", expected: "the log key's", found: "another")
        }
        try AuditDifference.check("head.csv", "log", expected: replay.genesis.logID, found: head.head.logID)
        try AuditDifference.check("log.csv and head.csv", "size", expected: replay.frontier.size, found: head.head.size)
        try AuditDifference.check("log.csv and head.csv", "root", expected: replay.frontier.root, found: head.head.root)
    }

    private static func inputs(
        _ replay: EpochReplay, _ opening: EpochOpening, _ seal: [LogLeaf], _ head: SignedHead
    ) throws -> RewardInputs {
        let clock = replay.genesis.epochs
        let members = replay.nodes.filter { $0.isMember(of: replay.epoch, clock) }
        let numbers = Set(members.map(\.node.number))
        let records = members.map { member in
            let due = replay.resultsLogged.keys.filter { member.isMember(of: $0, clock) }
            let address = member.node.registration.operatorAddress
            return AttestationRecord(
                node: member.node.number, due: UInt32(due.count),
                given: UInt32(due.count { replay.attestations[$0]?.contains(address) ?? false }))
        }
        return RewardInputs(
            ruleset: replay.rewards.ruleset, epoch: replay.epoch, firstIndex: opening.size,
            endIndex: replay.frontier.size, logRoot: head.head.root,
            snapshot: try members.map { member in
                let registration = member.node.registration
                return Participant(
                    node: member.node.number, operatorAddress: registration.operatorAddress,
                    payout: registration.payout, stake: try replay.stake(of: member))
            },
            observations: try observations(seal, replay).filter { numbers.contains($0.observer) },
            attestations: records,
            cumulativeBefore: try Dictionary(
                uniqueKeysWithValues: members.map { ($0.node.number, try replay.entitled($0)) }),
            base: replay.flows.base, storage: replay.flows.storage, postage: replay.flows.postage,
            dustIn: opening.dustIn, grants: try replay.rewards.grants.adding(replay.rewards.corrected.into),
            refunds: try (replay.refunds.repayment?.paid ?? .zero).adding(replay.rewards.corrected.outOf),
            penalties: Dictionary(
                members.compactMap { member in
                    replay.rewards.penalties[member.node.registration.operatorAddress].map { (member.node.number, $0) }
                }
            ) { first, _ in first })
    }

    private static func observations(_ seal: [LogLeaf], _ replay: EpochReplay) throws -> [Observation] {
        var observations: [Observation] = []
        for leaf in seal {
            if leaf.kind == .result { break }
            guard leaf.kind == .observation else { continue }
            let (bytes, signature) = try LogBody.readSigned(leaf.body)
            let observation = try Observation(canonicalBytes: bytes)
            let digest = replay.genesis.domain.digest(of: observation.statement)
            guard let node = replay.nodes.first(where: { $0.node.number == observation.observer })?.node,
                signature.isBy(node.registration.nodeKey, over: digest), observation.epoch == replay.epoch
            else {
                throw AuditDifference(
                    "seal.csv, leaf \(leaf.index)", "observation",
                    expected: "node \(observation.observer)'s of this epoch",
                    found: "another")
            }
            observations.append(observation)
        }
        return observations
    }

    private static func compare(_ result: EpochResult, with seal: [LogLeaf]) throws {
        guard let leaf = seal.first(where: { $0.kind == .result }) else {
            throw AuditDifference("seal.csv", "result", expected: result.hash, found: "none")
        }
        let place = "seal.csv, leaf \(leaf.index) (result)"
        if let first = result.differences(from: try EpochResult(canonicalBytes: leaf.body)).first {
            throw AuditDifference(place, first.name, expected: first.own, found: first.other)
        }
        try AuditDifference.check(
            place, "canonical bytes", expected: Hex.encode(result.canonicalBytes), found: Hex.encode(leaf.body))
    }
}
