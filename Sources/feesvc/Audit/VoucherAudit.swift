import Channels
import Payer
import Primitives
import Synchronization

/// Checks an epoch's vouchers, and what payers signed about signers, while the audit of the epoch reads the same files on
/// other processors. What it finds counts where that audit finds nothing, which knows the files by their hashes and the
/// log by its head.
final class VoucherAudit: Sendable {
    /// What an audit that was stopped throws; nobody waits for it.
    private struct Stopped: Error {}

    private let work = Beside()
    private let count = Mutex<UInt64>(0)
    private let isStopped = Mutex(false)

    /// Begins.
    init(path: String) throws {
        try work.start { [self] in try run(path) }
    }

    /// How many signatures were checked; throws the first difference.
    func finish() throws -> UInt64 {
        try work.finish()
        return count.withLock { $0 }
    }

    /// Gives up, for the audit of the epoch has found a difference.
    func stop() { isStopped.withLock { $0 = true } }

    private func run(_ path: String) throws {
        let folder = try AuditFolder(path, checkingHashes: false)
        let opening = try InputFiles.opening(try folder.bytes("opening.json"))
        let domain = try Genesis(canonicalBytes: opening.genesis.bytes).domain
        let signers = try ChannelSigners(folder, domain: domain)
        var statements = signers.statements
        var vouchers = try VoucherCheck(folder, signers: signers, domain: domain)
        try LogWalk.forEachPart(try folder.source("log.csv"), reading: VoucherCheck.read) { leaves in
            guard !isStopped.withLock({ $0 }) else { throw Stopped() }
            for (leaf, _) in leaves where leaf.kind == .signer {
                try Self.check(leaf, against: statements.removeValue(forKey: leaf.index))
            }
            try vouchers.take(leaves)
        }
        try vouchers.finish()
        if let index = statements.keys.filter({ $0 >= opening.size }).min() {
            throw AuditDifference("signers.csv, leaf \(index)", "leaf", expected: "one about a signer", found: "none")
        }
        let checked = vouchers.count + UInt64(signers.statements.count)
        count.withLock { $0 = checked }
    }

    /// A leaf about a signer names what the payer signed; of channels that do not pay in the epoch that is not known.
    private static func check(_ leaf: LogLeaf, against digest: Bytes32?) throws {
        guard let digest else { return }
        var decoder = try CanonicalDecoder(leaf.body, tag: "feesvc/signer/1")
        _ = try decoder.readBytes32()
        try AuditDifference.check(
            "signers.csv, leaf \(leaf.index)", "digest of the statement", expected: try decoder.readBytes32(),
            found: digest)
    }
}
