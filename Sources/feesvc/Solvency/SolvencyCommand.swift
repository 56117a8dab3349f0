import ArgumentParser
import Channels
import Foundation
import Ledger
import Primitives
import Rewards
import Storage

/// `feesvc solvency`.
struct SolvencyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "solvency",
        abstract: "State what the service owes, and prove to each whom it owes that it is in there.",
        discussion: """
            The statement is the root of a Merkle-sum tree over every liability: its sum is what the ledger owes in all, which is \
            what is in custody. A proof shows that one amount is part of that sum, and says nothing of the others but sums.

              feesvc solvency state --data-dir feesvc-data --out solvency --sign keys/log.key
              feesvc solvency prove solvency --account channel:0x…
              feesvc solvency verify solvency.json proof.json
            """,
        subcommands: [SolvencyState.self, SolvencyProve.self, SolvencyVerify.self])
}

/// `feesvc solvency state`.
struct SolvencyState: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Write what is owed now: solvency.json for everybody, liabilities.csv for proofs.",
        discussion: "Nothing is written where what is owed is not what is in custody.")

    @OptionGroup var options: LedgerOptions
    @Option(help: "The folder to write to.")
    var out = "./solvency"
    @Option(help: "A key file, as keys/log.key, that signs the statement.")
    var sign: String?

    func run() async throws {
        let key = try sign.map { try KeyFile.read($0) }
        try await options.read { transaction in
            let (body, liabilities) = try await Self.state(transaction, signedBy: key)
            try SolvencyFolder(path: out).write(body, liabilities)
            guard !options.json else { return try ChannelOutput.json(body) }
            ChannelOutput.lines([
                ("owed", "\(body.total) to \(body.leaves)"), ("custody", body.custody.decimal),
                ("after entry", "\(body.entry)"), ("root", body.root.hex), ("statement", body.statement.hex),
            ])
        }
    }

    /// What is owed as a snapshot of the database has it.
    static func state(
        _ transaction: Transaction, signedBy key: SecretKey?
    ) async throws -> (SolvencyBody, [Liability]) {
        guard let state = try await LogStore(transaction).state() else {
            throw OperatorError("This database holds no instance.")
        }
        let end = state.anchor
        let liabilities = try await SolvencyStore(transaction).liabilities {
            state.liabilitySalt(of: $0, after: end.number)
        }
        let tree = try SolvencyTree(liabilities)
        let custody = try await NodeStore(transaction).balance(of: .custody)
        guard tree.root.sum == custody else {
            throw OperatorError(
                "\(tree.root.sum) is owed and \(custody) is in custody: run feesvc ledger verify.")
        }
        let statement = SolvencyStatement(
            logID: state.genesis.logID, entry: end.number, entryHash: end.hash, leaves: UInt64(tree.count),
            root: tree.root)
        let signature = key.map {
            $0.sign(state.genesis.domain.digest(of: SolvencySignature(statement: statement.hash)))
        }
        return (SolvencyBody(statement, custody: custody, signature: signature), liabilities)
    }
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
