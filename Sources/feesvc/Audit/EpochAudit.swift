import Channels
import Primitives
import Rewards
import Storage

/// The result of an epoch, recomputed from its public inputs alone.
struct EpochAudit {
    let replay: EpochReplay
    let result: EpochResult

    /// Replays the epoch, checks the signed head at its edge, recomputes the result from the nodes' signed observations
    /// and compares it with the one that was sealed, byte by byte.
    init(opening: EpochOpening, log: [LogLeaf], seal: [LogLeaf], head: SignedHead) throws {
        var replay = try EpochReplay(opening)
        for leaf in log { try replay.apply(leaf) }
        guard replay.isClosed else {
            throw AuditDifference("log.csv", "last leaf", expected: "an edge", found: "another")
        }
        try Self.check(head, replay)
        let result = try AuditDifference.inPlace("seal.csv") { [replay] in
            let result = try EpochResult.compute(try Self.inputs(replay, opening, seal, head))
            try Self.compare(result, with: seal)
            return result
        }
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
        let members = replay.nodes.filter { $0.registeredAt <= clock.beginning(of: replay.epoch) }
        let numbers = Set(members.map(\.node.number))
        let records = members.map { member in
            let due = replay.resultsLogged.keys.filter { member.registeredAt <= clock.beginning(of: $0) }
            let address = member.node.registration.operatorAddress
            return AttestationRecord(
                node: member.node.number, due: UInt32(due.count),
                given: UInt32(due.count { replay.attestations[$0]?.contains(address) ?? false }))
        }
        return RewardInputs(
            ruleset: replay.genesis.ruleset, epoch: replay.epoch, firstIndex: opening.size,
            endIndex: replay.frontier.size, logRoot: head.head.root,
            snapshot: members.map { member in
                let registration = member.node.registration
                return Participant(
                    node: member.node.number, operatorAddress: registration.operatorAddress,
                    payout: registration.payout, stake: registration.stake)
            },
            observations: try observations(seal, replay).filter { numbers.contains($0.observer) },
            attestations: records,
            cumulativeBefore: Dictionary(members.map { ($0.node.number, $0.cumulative) }) { first, _ in first },
            base: replay.flows.base, storage: replay.flows.storage, postage: replay.flows.postage,
            dustIn: opening.dustIn, grants: .zero, refunds: .zero)
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
        let sealed = try EpochResult(canonicalBytes: leaf.body)
        try AuditDifference.check(place, "pool", expected: result.pool, found: sealed.pool)
        try AuditDifference.check(place, "rewards", expected: result.rewards, found: sealed.rewards)
        try AuditDifference.check(place, "dust", expected: result.dust, found: sealed.dust)
        for (mine, theirs) in zip(result.rows, sealed.rows) {
            try AuditDifference.check(place, "reward of node \(mine.node)", expected: mine.reward, found: theirs.reward)
        }
        try AuditDifference.check(place, "root", expected: result.root, found: sealed.root)
        try AuditDifference.check(place, "inputs", expected: result.inputs, found: sealed.inputs)
        try AuditDifference.check(
            place, "canonical bytes", expected: Hex.encode(result.canonicalBytes), found: Hex.encode(leaf.body))
    }
}
