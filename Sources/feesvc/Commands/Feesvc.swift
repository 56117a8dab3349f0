import ArgumentParser

@main
struct Feesvc: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feesvc",
        abstract: "The economic layer of a decentralised messaging network.",
        discussion: """
            Payers open a channel and pay per message with signed vouchers; full nodes replicate the messages; per epoch the \
            fees are pooled and split among the nodes by what they measurably did.

            Try it: feesvc demo --trace Samples/chat-2024-01.csv.gz
            """,
        version: "0.1.0",
        subcommands: [
            DemoCommand.self, ServeCommand.self, NodeCommand.self, ExportCommand.self, AuditCommand.self,
        ])
}
