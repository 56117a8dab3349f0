import ArgumentParser
import Channels
import Payer
import Primitives

extension TopicCommand {
    /// `feesvc topic create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a closed topic of an owner and a rule.",
            discussion: """
                Nothing is registered anywhere: the id is computed, and the file is what the owner and those who publish need. \
                The owner's key signs lists of members, welcomes and deletions; here only its address is asked for.
                """)

        /// What `--rule` takes.
        enum Rule: String, ExpressibleByArgument, CaseIterable {
            case owner
            case members

            var value: TopicRule { self == .owner ? .owner : .members }
        }

        @Option(help: "The owner's address, 0x and 40 hex digits.")
        var owner: String
        @Option(help: "Who publishes: owner (nobody else), or members (and the owner).")
        var rule: Rule
        @Option(
            help:
                "The topic's salt, 0x and 64 lower-case hex digits; default: a random one. The same makes the same topic."
        )
        var salt: String?
        @Option(help: "The file to write; it must not exist.")
        var out: String
        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await Presentation.reportingErrors {
                guard let owner = Address(hex: owner.lowercased()) else {
                    throw OperatorError("--owner is 0x and 40 hex digits.")
                }
                guard let salt = salt.map(Bytes32.init(hex:)) ?? Bytes32.random() else {
                    throw OperatorError("--salt is 0x and 64 lower-case hex digits.")
                }
                let file = TopicFile(ClosedTopic(rule: rule.value, owner: owner, salt: salt))
                try PrivateFile(path: out).create(Array((try ChannelOutput.text(file) + "\n").utf8))
                guard !json else { return try ChannelOutput.json(file) }
                ChannelOutput.lines([
                    ("topic", file.topic.hex), ("rule", rule == .owner ? "owner only" : "members by signed list"),
                    ("owner", owner.checksummed), ("file", out),
                ])
            }
        }
    }
}

extension Bytes32 {
    /// 32 bytes from the system's generator.
    static func random() -> Bytes32? {
        var generator = SystemRandomNumberGenerator()
        return Bytes32((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }
}
