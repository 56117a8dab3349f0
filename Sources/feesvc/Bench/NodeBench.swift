import ArgumentParser
import AsyncHTTPClient
import Foundation
import Node
import Payer
import Synchronization

/// `feesvc bench node`.
struct NodeBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Measure what it costs to make nodes equal, and how fast they take events in.",
        discussion: """
            First: two sets in memory, as nodes keep them beside their stores, that differ in some events: anywhere, half of them on \
            each side, or the newest, on one side. The one heals from the other, then the other from the one, until both have \
            compared roots and are equal. Bytes are those of all frames both ways, without the events themselves. Each is done \
            as a node does it, and with sketches and with trees alone, which a node falls back on where chains say nothing.

            Then nodes run as processes of this program on loopback, their receipts from a log in memory: a node that is \
            filled by publishing --stored messages of 1 KiB, and an empty one that gets them all from it, every signature \
            checked, every event on disk before the next is asked for; and --nodes nodes at which --rate messages a second are \
            published in turn for --seconds, while a feed is followed on each: from sending a message until it was read on all. \
            The program must be built in release mode.
            """)

    @Option(help: "How many events both sides hold together.")
    var events = 1_000_000
    @Option(help: "In how many events they differ.")
    var difference: [Int] = [0, 1, 100, 1_000, 10_000]
    @Option(help: "Of how many originators the events are.")
    var originators = 20
    @Option(help: "Seeds the choice of events.")
    var seed: UInt64 = 1
    @Option(help: "How many messages a node gets from another; 0 leaves this out.")
    var stored = 100_000
    @Option(help: "How many nodes messages are published to; 0 leaves this out.")
    var nodes = 4
    @Option(help: "How many messages are published a second.")
    var rate = 1_000
    @Option(help: "For how many seconds.")
    var seconds = 10
    @Flag(help: "Print one JSON object as the last line.")
    var json = false

    func validate() throws {
        guard (1...100_000_000).contains(events), difference.allSatisfy({ (0...events).contains($0) }),
            (1...100_000).contains(originators)
        else { throw ValidationError("--events is 1 to 10^8, and no --difference is below 0 or above it.") }
        guard (0...10_000_000).contains(stored), nodes == 0 || (2...16).contains(nodes), (1...100_000).contains(rate),
            (1...600).contains(seconds), rate * seconds >= 200
        else {
            throw ValidationError("--stored is at most 10^7, --nodes 2 to 16, and --rate × --seconds at least 200.")
        }
    }

    func run() async throws {
        try await Presentation.reportingErrors {
            var report = NodeBenchReport(events: events, originators: originators)
            print(NodeBenchReport.heading)
            for placement in ReconcileTrial.Placement.allCases {
                for difference in difference {
                    try await measure(placement, difference, into: &report)
                }
            }
            try await runNodes(into: &report)
            if json { print(try report.json()) }
        }
    }

    private func runNodes(into report: inout NodeBenchReport) async throws {
        let directory = "/tmp/feesvc-bench-\(ProcessInfo.processInfo.processIdentifier)"
        let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
        let measurement = NodeMeasurement(directory: directory, http: http, seed: seed)
        let found = Mutex<(NodeMeasurement.Bootstrap?, NodeMeasurement.Visibility?)>((nil, nil))
        var failure: (any Error)?
        do {
            try await Interruption.orEnd { [stored, nodes, rate, seconds] in
                if stored > 0 {
                    let bootstrap = try await measurement.bootstrap(events: stored)
                    found.withLock { $0.0 = bootstrap }
                }
                if nodes > 0 {
                    let seen = try await measurement.visibility(nodes: nodes, perSecond: rate, seconds: seconds)
                    found.withLock { $0.1 = seen }
                }
            }
        } catch {
            failure = error
        }
        try? await http.shutdown()
        try? FileManager.default.removeItem(atPath: directory)
        if failure is Interruption { throw ExitCode(130) }
        if let failure { throw failure }
        (report.bootstrap, report.visibility) = found.withLock { $0 }
        print(report.nodesText)
    }

    private func measure(
        _ placement: ReconcileTrial.Placement, _ difference: Int, into report: inout NodeBenchReport
    ) async throws {
        for way in difference == 0 ? [.node] : ReconcileTrial.Way.allCases where way != .places {
            let trial = ReconcileTrial(
                events: events, difference: difference, placement: placement, originators: originators, seed: seed)
            try await trial.prepare()
            let row = NodeBenchReport.Row(
                difference: difference, placement: placement, way: way, figures: try await trial.run(way))
            print(row.text)
            report.rows.append(row)
        }
    }
}
