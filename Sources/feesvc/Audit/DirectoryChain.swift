import Channels
import Foundation
import Ledger
import Primitives
import Rewards

/// Audits an exported epoch, or a folder of them, each of which must begin where the one before ended.
enum DirectoryChain {
    /// Audits what is at `path`; calls `report` after each epoch.
    static func audit(_ path: String, report: (DirectoryAudit) -> Void) throws {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        guard !names.contains("manifest.csv") else { return report(try DirectoryAudit(path: path)) }
        let epochs = names.filter { $0.hasPrefix("epoch-") && !$0.hasSuffix(".part") }
        guard !epochs.isEmpty else {
            throw OperatorError("\(path) holds no exported epoch; give the folder that feesvc export wrote to.")
        }
        var previous: DirectoryAudit?
        for name in epochs {
            let audit = try DirectoryAudit(path: path + "/" + name)
            if let previous { try tie(previous, audit, name) }
            report(audit)
            previous = audit
        }
    }

    private static func tie(_ before: DirectoryAudit, _ after: DirectoryAudit, _ name: String) throws {
        let place = "\(name)/opening.json"
        let end = before.audit.replay
        let start = after.start
        try AuditDifference.check(place, "epoch", expected: before.epoch + 1, found: after.epoch)
        try AuditDifference.check(place, "log before it", expected: end.frontier.root, found: start.frontier.root)
        try AuditDifference.check(
            place, "dust in", expected: before.audit.result.dust, found: after.audit.result.dustIn)
        try AuditDifference.check(place, "charges before it", expected: end.chargeCount, found: start.chargeCount)
        try AuditDifference.check(place, "last midnight", expected: end.lastMidnight, found: start.lastMidnight)
        guard end.storage == start.storage else {
            throw AuditDifference(place, "storage held", expected: "as at the edge before", found: "something else")
        }
        guard end.held == start.held else {
            let charge = Set(end.held.keys).union(start.held.keys).sorted().first { end.held[$0] != start.held[$0] }
            throw AuditDifference(
                place, "what is held of charge \(charge ?? 0)", expected: "as at the edge before",
                found: "something else")
        }
        try tieNodes(before, after, place)
        if let last = before.lastEntry, let first = after.firstEntry {
            try AuditDifference.check(
                "\(name)/journal.csv", "entry before it", expected: last.hash, found: first.previous)
        }
        guard before.closing == after.opening else {
            throw AuditDifference(
                "\(name)/trial-balance.csv", "opening", expected: "the closing of the epoch before", found: "another")
        }
        for leaf in before.seal where after.log[leaf.index] != leaf {
            throw AuditDifference(
                "seal.csv of epoch \(before.epoch)", "leaf \(leaf.index)", expected: "in the next epoch's log",
                found: "not there")
        }
    }

    private static func tieNodes(_ before: DirectoryAudit, _ after: DirectoryAudit, _ place: String) throws {
        let rewards = Dictionary(before.audit.result.rows.map { ($0.node, $0.cumulative) }) { first, _ in first }
        let expected = before.audit.replay.nodes.map { ($0.node, rewards[$0.node.number] ?? $0.cumulative) }
        try AuditDifference.check(place, "nodes", expected: expected.count, found: after.start.nodes.count)
        for ((node, cumulative), found) in zip(expected, after.start.nodes) {
            guard node == found.node else {
                throw AuditDifference(place, "node \(node.number)", expected: "as registered", found: "another")
            }
            try AuditDifference.check(
                place, "cumulative reward of node \(node.number)", expected: cumulative, found: found.cumulative)
        }
    }
}
