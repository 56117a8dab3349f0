import Channels
import Primitives
import Rewards

/// Checks what an audit without `--signatures` leaves out of an epoch that it found right: vouchers, what payers signed about
/// signers, the registrations before the epoch, and attestations of results that the epoch's log does not hold.
///
/// Acts, registrations, delivery lists, attestations, observations and the head of the epoch are checked by every audit.
struct SignatureAudit {
    /// How many signatures were checked here.
    let count: UInt64
    /// Attestations of results that no folder holds, so that nobody can check them.
    let unknown: Int

    init(path: String, _ audited: DirectoryAudit) throws {
        let folder = try AuditFolder(path, checkingHashes: false)
        let domain = audited.start.genesis.domain
        let nodes = audited.start.nodes.map(\.node)
        _ = try Parallel.map(nodes.count, least: 8) { range in
            for node in nodes[range] where !node.isSigned(in: domain) {
                throw AuditDifference(
                    "opening.json, node \(node.number)", "signatures", expected: "operator's and node key's",
                    found: "others")
            }
        }
        let attestations = audited.audit.replay.attestationsUnchecked
        let known = attestations.filter { audited.results[$0.epoch] != nil }
        for attestation in known {
            guard let result = audited.results[attestation.epoch],
                attestation.signature.isBy(attestation.operatorAddress, over: domain.digest(of: result.attestation))
            else {
                throw AuditDifference(
                    "log.csv, leaf \(attestation.index)", "signature", expected: "\(attestation.operatorAddress)'s",
                    found: "another")
            }
        }
        let signers = try ChannelSigners(folder, domain: domain)
        var statements = signers.statements
        var vouchers = try VoucherCheck(folder, signers: signers, domain: domain)
        try LogWalk.forEachPart(try folder.source("log.csv"), reading: VoucherCheck.read) { leaves in
            for (leaf, _) in leaves where leaf.kind == .signer {
                try Self.check(leaf, against: statements.removeValue(forKey: leaf.index))
            }
            try vouchers.take(leaves)
        }
        try vouchers.finish()
        if let index = statements.keys.filter({ $0 >= audited.start.frontier.size }).min() {
            throw AuditDifference("signers.csv, leaf \(index)", "leaf", expected: "one about a signer", found: "none")
        }
        count =
            vouchers.count + UInt64(signers.statements.count) + UInt64(2 * nodes.count) + UInt64(known.count)
        unknown = attestations.count - known.count
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
