import Foundation

/// Audits an exported epoch, or a folder of them, each of which must begin where the one before ended.
enum DirectoryChain {
    /// Audits what is at `path`; calls `report` after each epoch.
    static func audit(_ path: String, report: (DirectoryAudit) throws -> Void) throws {
        try forEachEpoch(path) { path, previous in
            let audit = try DirectoryAudit(path: path, after: previous)
            try report(audit)
            return audit
        }
    }

    /// Audits what is at `path`, with every signature; calls `report` after each epoch.
    static func auditSignatures(
        _ path: String, report: (DirectoryAudit, SignatureAudit) -> Void
    ) throws {
        try forEachEpoch(path) { path, previous in
            let vouchers = try VoucherAudit(path: path)
            do {
                let audit = try DirectoryAudit(path: path, after: previous)
                report(audit, try SignatureAudit(audit, vouchers))
                return audit
            } catch {
                vouchers.stop()
                throw error
            }
        }
    }

    private static func forEachEpoch(
        _ path: String, _ audit: (String, DirectoryAudit?) throws -> DirectoryAudit
    ) throws {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        if names.contains("manifest.csv") {
            _ = try audit(path, nil)
            return
        }
        let epochs = names.filter { $0.hasPrefix("epoch-") && !$0.hasSuffix(".part") }
        guard !epochs.isEmpty else {
            throw OperatorError("\(path) holds no exported epoch; give the folder that feesvc export wrote to.")
        }
        var previous: DirectoryAudit?
        for name in epochs {
            do {
                previous = try audit(path + "/" + name, previous)
            } catch let difference as AuditDifference {
                throw difference.within(name)
            }
        }
    }
}
