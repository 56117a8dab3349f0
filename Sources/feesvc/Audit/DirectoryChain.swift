import Foundation

/// Audits an exported epoch, or a folder of them, each of which must begin where the one before ended.
enum DirectoryChain {
    /// Audits what is at `path`; calls `report` after each epoch.
    static func audit(_ path: String, report: (DirectoryAudit) throws -> Void) throws {
        try forEachEpoch(path) { _, audit in try report(audit) }
    }

    /// Audits what is at `path`, with every signature; calls `report` after each epoch.
    static func auditSignatures(
        _ path: String, report: (DirectoryAudit, SignatureAudit) -> Void
    ) throws {
        try forEachEpoch(path) { path, audit in report(audit, try SignatureAudit(path: path, audit)) }
    }

    private static func forEachEpoch(_ path: String, _ body: (String, DirectoryAudit) throws -> Void) throws {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        guard !names.contains("manifest.csv") else { return try body(path, try DirectoryAudit(path: path)) }
        let epochs = names.filter { $0.hasPrefix("epoch-") && !$0.hasSuffix(".part") }
        guard !epochs.isEmpty else {
            throw OperatorError("\(path) holds no exported epoch; give the folder that feesvc export wrote to.")
        }
        var previous: DirectoryAudit?
        for name in epochs {
            let audit: DirectoryAudit
            do {
                audit = try DirectoryAudit(path: path + "/" + name, after: previous)
                try body(path + "/" + name, audit)
            } catch let difference as AuditDifference {
                throw difference.within(name)
            }
            previous = audit
        }
    }
}
