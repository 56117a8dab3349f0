import ArgumentParser
import Foundation
import Primitives
import Rewards

/// `feesvc solvency`.
struct SolvencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "solvency",
        abstract: "State what the service owes, and prove to each whom it owes that it is in there.",
        discussion: """
            The statement is the root of a Merkle-sum tree over every liability: its sum is what the ledger owes in all, which is \
            what is in custody. A proof shows that one amount is part of that sum, and says nothing of the others but sums.

              feesvc solvency state --data-dir feesvc-data --out solvency --sign keys/log.key
              feesvc solvency state --data-dir feesvc-data --epoch 3 --out solvency-3
              feesvc solvency prove solvency --account channel:0x…
              feesvc solvency verify solvency.json proof.json
            """,
        subcommands: [SolvencyState.self, SolvencyProve.self, SolvencyVerify.self])
}

/// `feesvc solvency prove`.
struct SolvencyProve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove", abstract: "Print the proof of one liability, for whoever is owed it.")

    @Argument(help: "The folder that feesvc solvency state wrote.")
    var folder: String
    @Option(help: "The account: channel: and the channel's id, or an account of the ledger, as rewards:0x….")
    var account: String

    func run() async throws {
        try await Presentation.reportingErrors {
            let (_, tree, liabilities) = try SolvencyFolder(path: folder).read()
            guard let liability = liabilities.first(where: { $0.account == account }),
                let proof = tree.proof(of: liability)
            else { throw OperatorError("Nothing was owed to \(account) when this was stated.") }
            try ChannelOutput.json(SolvencyProofBody(proof))
        }
    }
}

/// `feesvc solvency verify`.
struct SolvencyVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check a proof against a statement, without database or network.",
        discussion: "Exit status 0 where the amount is part of what is stated, 1 where it is not.")

    @Argument(help: "The service's solvency.json.")
    var statement: String
    @Argument(help: "The proof.")
    var proof: String

    func run() async throws {
        try await Presentation.reportingErrors {
            let stated = try SolvencyFolder.json(SolvencyBody.self, statement).checked()
            let proof = try SolvencyFolder.json(SolvencyProofBody.self, proof).proof
            guard stated.isProved(proof) else {
                throw OperatorError("The proof does not lead to \(stated.root.hash) with \(stated.root.sum) owed.")
            }
            print("\(proof.liability.amount) owed to \(proof.liability.account) is part of \(stated.root.sum).")
        }
    }
}
