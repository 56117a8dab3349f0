import ArgumentParser
import Primitives
import Rewards

/// `feesvc audit`.
struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Recompute exported epochs from their inputs, without database or network.",
        discussion: """
            Replays the log leaf by leaf, checks the signed head, recomputes prices, holds, captures, refunds, pool, weights, \
            rewards, dust and root, and ties every total to the journal. Exit 0, or the first difference and exit 1.
            """)

    @Argument(help: "An exported epoch, or the folder that holds several.")
    var directory: String

    @Flag(help: "Check every signature too, each voucher's and its signer's: some 50 microseconds of a processor each.")
    var signatures = false

    func run() async throws {
        try await Presentation.reportingErrors {
            guard signatures else { return try DirectoryChain.audit(directory) { print(Self.line($0)) } }
            try DirectoryChain.auditSignatures(directory) { audit, signatures in
                print(Self.line(audit))
                print("epoch \(audit.epoch): \(signatures.count) further signatures: agree")
                if signatures.unknown > 0 {
                    print(
                        "epoch \(audit.epoch): \(signatures.unknown) attestations are of results that are not in this "
                            + "folder")
                }
            }
        }
    }

    private static func line(_ audit: DirectoryAudit) -> String {
        let result = audit.audit.result
        let shares = [("applications", result.apps), ("protocol", result.protocolIncome)]
            .filter { $0.1 > .zero }.map { "\($0) \($1) + " }.joined()
        return "epoch \(audit.epoch): pool \(result.pool) = \(shares)rewards \(result.rewards) + dust \(result.dust), "
            + "root \(result.root): agrees"
    }
}
