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
        try AuditDifference.check(place, "epoch", expected: before.epoch + 1, found: after.epoch)
        try AuditDifference.check(
            place, "log before it", expected: before.audit.replay.frontier.root.hex, found: after.startRoot.hex)
        try AuditDifference.check(
            place, "dust in", expected: before.audit.result.dust, found: after.audit.result.dustIn)
        if let last = before.lastEntry, let first = after.firstEntry {
            try AuditDifference.check("\(name)/journal.csv", "first entry", expected: last.number + 1, found: first)
        }
    }
}
