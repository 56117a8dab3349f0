import ArgumentParser
import Foundation
import Node

/// `feesvc bench node`.
struct NodeBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Measure what it costs to make two nodes' sets of events equal.",
        discussion: """
            Two sets in memory, as nodes keep them beside their stores, that differ in some events: anywhere, half of them on \
            each side, or the newest, on one side. The one heals from the other, then the other from the one, until both have \
            compared roots and are equal. Bytes are those of all frames both ways, without the events themselves. Each is done \
            as a node does it, and with sketches and with trees alone, which a node falls back on where chains say nothing. \
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
    @Flag(help: "Print one JSON object as the last line.")
    var json = false

    func validate() throws {
        guard (1...100_000_000).contains(events), difference.allSatisfy({ (0...events).contains($0) }),
            (1...100_000).contains(originators)
        else { throw ValidationError("--events is 1 to 10^8, and no --difference is below 0 or above it.") }
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
            if json { print(try report.json()) }
        }
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
