import ArgumentParser
import Foundation

@main
struct Feesvc: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feesvc",
        abstract: "The economic layer of a decentralised messaging network.",
        discussion: """
            Payers open a channel and pay per message with signed vouchers; full nodes replicate the messages; per epoch the \
            fees are pooled and split among the nodes by what they measurably did.

            Options with a value of serve, node run and export can be set by the environment: FEESVC_LOG_LEVEL for --log-level.

            Try it: feesvc demo --trace Samples/chat-2024-01.csv.gz
            """,
        version: "0.1.0",
        subcommands: [
            DemoCommand.self, ServeCommand.self, ChannelCommand.self, TopicCommand.self, NodeCommand.self,
            KeyCommand.self,
            AdminCommand.self, RecoverCommand.self, LedgerCommand.self, ReportCommand.self, ExportCommand.self,
            AuditCommand.self, ExplainCommand.self, SimulateCommand.self, SolvencyCommand.self, BenchCommand.self,
        ])

    static func main() async {
        let process = ProcessInfo.processInfo
        let arguments = EnvironmentArguments.expand(
            Array(process.arguments.dropFirst()), environment: process.environment)
        do {
            var command = try parseAsRoot(arguments)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: error)
        }
    }
}
