import ArgumentParser
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

    func run() async throws {
        try await Presentation.reportingErrors {
            try DirectoryChain.audit(directory) { audit in
                let result = audit.audit.result
                print(
                    "epoch \(audit.epoch): pool \(result.pool) = rewards \(result.rewards) + dust \(result.dust), "
                        + "root \(result.root): agrees")
            }
        }
    }
}
