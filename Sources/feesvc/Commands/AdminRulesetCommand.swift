import ArgumentParser
import Channels
import Rewards

/// `feesvc admin ruleset`.
struct AdminRulesetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ruleset", abstract: "Split pools by another ruleset from the next epoch on.",
        discussion: """
            The epoch that is open is split by the ruleset that was in force when it began. feesvc simulate shows what a ruleset \
            would have paid before it is ordered; its file is the same.
            """)

    @Argument(help: "A file with the ruleset as JSON.")
    var file: String
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        try await Presentation.reportingErrors {
            let ruleset = try RulesetFile.read(file)
            try await admin.connect { connection in
                print(try ChannelOutput.text(RulesetBody(ruleset)))
                try await connection.order(
                    .ruleset(ruleset.canonicalBytes), done: "From the next epoch on pools are split by it.")
            }
        }
    }
}
