import ArgumentParser
import Channels
import Payer
import Primitives

extension TopicCommand {
    /// `feesvc topic show`.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Say what a file of a closed topic is, and check it.",
            discussion: """
                Of a topic's file: that its rule, owner and salt make its id. Of a member's file also that the owner signed the list, \
                that the member is on it, and when it counts. Exits with 1 where something is wrong.
                """)

        private struct Shown: Encodable {
            let topic: Bytes32
            let rule: String
            let owner: Address
            let member: Address?
            let version: UInt64?
            let from: UInt64?
            let until: UInt64?
            let countsNow: Bool?
        }

        @Argument(help: "The file, of feesvc topic create or feesvc topic admit.")
        var file: String
        @Option(help: "The fee service whose network it is for; asked only about a member's file.")
        var service = "http://127.0.0.1:8080"
        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            try await Presentation.reportingErrors {
                let pass = try TopicPass(path: file)
                if let membership = pass.membership, let member = pass.member {
                    try await check(membership, of: member, in: pass.topic)
                }
                let list = pass.membership?.list
                let now = UInt64.now
                let counts = list.map { now >= $0.from && now < $0.until }
                guard !json else {
                    return try ChannelOutput.json(
                        Shown(
                            topic: pass.topic.id, rule: "\(pass.topic.rule)", owner: pass.topic.owner,
                            member: pass.member, version: list?.version, from: list?.from, until: list?.until,
                            countsNow: counts))
                }
                var lines = [
                    ("topic", pass.topic.id.hex), ("rule", "\(pass.topic.rule)"),
                    ("owner", pass.topic.owner.checksummed),
                ]
                if let list, let member = pass.member {
                    lines += [
                        ("member", member.checksummed), ("version", "\(list.version)"),
                        ("counts from", ChannelOutput.moment(list.from)), ("until", ChannelOutput.moment(list.until)),
                        ("now", counts == true ? "it counts" : "it does not count"),
                    ]
                }
                ChannelOutput.lines(lines)
            }
        }

        private func check(_ membership: Membership, of member: Address, in topic: ClosedTopic) async throws {
            guard membership.list.topic == topic.id, membership.isOf(member) else {
                throw OperatorError("\(file) does not show that \(member.checksummed) is on a list of \(topic.id).")
            }
            try await ChannelSession.withHTTP { http in
                let domain = try await ServiceConnection(http: http, url: ChannelOptions.checked(service)).domain
                guard
                    membership.signature.isBy(topic.owner, over: domain.digest(of: membership.list.statement))
                else {
                    throw OperatorError("\(topic.owner.checksummed) did not sign the list in \(file) for this network.")
                }
            }
        }
    }
}
