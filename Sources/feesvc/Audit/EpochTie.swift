import Channels
import Ledger
import Primitives
import Rewards

/// Where an epoch's beginning has to be the end of the epoch before.
enum EpochTie {
    /// Checks the state before the epoch's first leaf.
    static func checkOpening(_ opening: EpochOpening, _ start: EpochReplay, after before: EpochAudit) throws {
        let place = "opening.json"
        let end = before.replay
        try AuditDifference.check(place, "epoch", expected: end.epoch.addingClamped(1), found: opening.epoch)
        try AuditDifference.check(place, "genesis", expected: end.genesis.logID, found: start.genesis.logID)
        try AuditDifference.check(place, "log before it", expected: end.frontier.root, found: start.frontier.root)
        try AuditDifference.check(place, "dust in", expected: before.result.dust, found: opening.dustIn)
        try AuditDifference.check(place, "charges before it", expected: end.chargeCount, found: start.chargeCount)
        let beginning = end.genesis.epochs.beginning(of: opening.epoch)
        let counts = try AuditDifference.inPlace(place) { try end.rate.counts(at: beginning).list }
        try AuditDifference.check(
            place, "charge counts of minutes", expected: "\(counts)", found: "\(opening.minuteCounts)")
        guard end.keys == start.keys else { throw differs(place, "keys") }
        try AuditDifference.check(place, "pause of charging", expected: end.isPaused, found: start.isPaused)
        try AuditDifference.check(place, "last midnight", expected: end.lastMidnight, found: start.lastMidnight)
        guard end.schedules == start.schedules else { throw differs(place, "schedules") }
        guard end.storage == start.storage else { throw differs(place, "storage held") }
        guard end.rewards.next == start.rewards.ruleset else { throw differs(place, "ruleset") }
        guard end.rewards.proofs == start.rewards.proofs else { throw differs(place, "proofs of equivocation") }
        try AuditDifference.check(place, "owed by pools", expected: end.refunds.owed, found: start.refunds.owed)
        guard end.refunds.outages == start.refunds.outages else { throw differs(place, "outages") }
        guard end.heard == start.heardBefore else { throw differs(place, "nodes that were heard") }
        try checkNodes(start, after: before, place)
    }

    private static func checkNodes(_ start: EpochReplay, after before: EpochAudit, _ place: String) throws {
        let rewards = Dictionary(before.result.rows.map { ($0.node, $0.cumulative) }) { first, _ in first }
        let end = before.replay.nodes
        try AuditDifference.check(place, "number of nodes", expected: end.count, found: start.nodes.count)
        for (expected, found) in zip(end, start.nodes) {
            guard expected.node == found.node, expected.registeredAt == found.registeredAt,
                expected.absences == found.absences
            else {
                throw differs(place, "node \(expected.node.number)")
            }
            try AuditDifference.check(
                place, "cumulative reward of node \(expected.node.number)",
                expected: try rewards[expected.node.number] ?? before.replay.entitled(expected),
                found: found.cumulative)
            let slashed = before.replay.refunds.slashed[expected.node.number] ?? .zero
            try AuditDifference.check(
                place, "taken of node \(expected.node.number)'s stake", expected: try expected.slashed.adding(slashed),
                found: found.slashed)
        }
    }

    /// Checks the ledger's beginning.
    static func checkLedger(_ after: DirectoryAudit, after before: DirectoryAudit) throws {
        if let last = before.lastEntry, let first = after.firstEntry {
            try AuditDifference.check("journal.csv", "entry before it", expected: last.hash, found: first.previous)
        }
        guard before.closing == after.opening else { throw differs("trial-balance.csv", "opening") }
    }

    private static func differs(_ place: String, _ what: String) -> AuditDifference {
        AuditDifference(place, what, expected: "as at the edge before", found: "something else")
    }
}
