import ArgumentParser
import AsyncHTTPClient
import Foundation
import Payer
import Primitives

/// What commands ask a running node.
struct NodeAddress: ParsableArguments {
    @Option(help: "The node's address for clients.")
    var node = "http://127.0.0.1:9001"
    @Flag(help: "Print one JSON object.")
    var json = false

    /// Runs with a client of the node.
    func with(_ body: (JSONClient) async throws -> Void) async throws {
        try await Presentation.reportingErrors {
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
            do {
                try await body(JSONClient(http: http, base: node))
            } catch {
                try? await http.shutdown()
                throw error
            }
            try await http.shutdown()
        }
    }

    /// Prints an answer as JSON where that was asked for; `false` where it was not.
    func printed(_ answer: some Encodable) throws -> Bool {
        guard json else { return false }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(answer), as: UTF8.self))
        return true
    }
}

extension NodeCommand {
    /// `feesvc node status`.
    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what a running node holds and knows.")

        @OptionGroup var address: NodeAddress

        func run() async throws {
            try await address.with { client in
                let status: NodeStatusBody = try await client.get("/v1/status")
                guard try !address.printed(status) else { return }
                let time = status.time == 0 ? "none: it has seen no head of the log" : ChannelOutput.moment(status.time)
                for (name, value) in [
                    ("node", "\(status.node)"), ("time", time), ("events", "\(status.events)"),
                    ("messages", "\(status.messages)"), ("topics", "\(status.topics)"),
                    ("missing in chains", "\(status.missing)"),
                    ("expired are dropped", status.floor == 0 ? "none yet" : "before \(UTCDay(number: status.floor))"),
                    ("connected peers", "\(status.connectedPeers)"),
                ] {
                    print(name.padding(toLength: 22, withPad: " ", startingAt: 0) + value)
                }
            }
        }
    }

    /// `feesvc node peers`.
    struct Peers: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Show a running node's peers, and how far it holds each originator's chain.",
            discussion: """
                equal says whether the last comparison with the peer ended with the same root on both sides; chain up to, how many of its \
                events are or were here. Where topics fall into shards, each that the node holds is shown: one that is leaving is held \
                until all nodes that are assigned to it have proved to hold the same. Contradictions are pairs of events that one originator signed for one place, or for one charge: kept as evidence.
                """)

        @OptionGroup var address: NodeAddress

        func run() async throws {
            try await address.with { client in
                let body: PeersBody = try await client.get("/v1/peers")
                guard try !address.printed(body) else { return }
                let chains = Dictionary(body.chains.map { ($0.originator, $0.highest) }, uniquingKeysWith: +)
                func row(_ cells: [String]) -> String {
                    cells.map { $0.padding(toLength: 13, withPad: " ", startingAt: 0) }.joined()
                }
                print(row(["peer", "state", "equal", "chain up to"]))
                for peer in body.peers {
                    let equal = peer.isEqual.map { $0 ? "yes" : "no" } ?? "–"
                    print(row(["\(peer.node)", peer.state, equal, "\(chains[peer.node] ?? 0)"]))
                }
                if body.shards.count > 1 || body.shards.contains(where: { !$0.isAssigned }) {
                    print("\n" + row(["shard", "events", "assigned", "held alike by"]))
                    for shard in body.shards {
                        let proved =
                            shard.provedBy.isEmpty ? "–" : shard.provedBy.map { "\($0)" }.joined(separator: " ")
                        let assigned = shard.isAssigned ? "yes" : "leaving"
                        print(row(["\(shard.shard)", "\(shard.events)", assigned]) + proved)
                    }
                }
                print("contradictions kept: \(body.evidence)")
            }
        }
    }

    /// `feesvc node explain`.
    struct ExplainEvent: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "explain", abstract: "Say where an event is, or what became of it, on a running node.")

        @OptionGroup var address: NodeAddress
        @Argument(help: "The event's id, 0x and 64 hex digits.")
        var event: String

        func run() async throws {
            guard Bytes32(hex: event) != nil else {
                throw ValidationError("An event's id is 0x and 64 lower-case hex digits.")
            }
            try await address.with { client in
                let standing: EventStandingBody = try await client.get("/v1/events/\(event)")
                guard try !address.printed(standing) else { return }
                print(Self.sentence(standing))
            }
        }

        private static func sentence(_ standing: EventStandingBody) -> String {
            switch standing.state {
            case "held":
                "held: event \(standing.sequence ?? 0) of node \(standing.originator ?? 0), for charge"
                    + " \(standing.charge ?? 0) of epoch \(standing.epoch ?? 0), in topic"
                    + " \(standing.topic.map { "\($0)" } ?? "–")"
            case "refused":
                "refused lately: it breaks a rule of admission, or has expired and every node has dropped it"
            default: "unknown: neither held nor refused lately; it was never seen here, or long ago"
            }
        }
    }
}
