import Channels
import Primitives
import Rewards

/// Checks what an audit without `--signatures` leaves out of an epoch that it found right: the registrations before the
/// epoch, attestations of results that the epoch's log does not hold, and what a ``VoucherAudit`` checks.
///
/// Acts, registrations, delivery lists, attestations, observations and the head of the epoch are checked by every audit.
struct SignatureAudit {
    /// How many signatures were checked here.
    let count: UInt64
    /// Attestations of results that no folder holds, so that nobody can check them.
    let unknown: Int

    init(_ audited: DirectoryAudit, _ vouchers: VoucherAudit) throws {
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
        count = try vouchers.finish() + UInt64(2 * nodes.count) + UInt64(known.count)
        unknown = attestations.count - known.count
    }
}
