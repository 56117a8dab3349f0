import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// The benchmark's commands run to their end; what they measure is nobody's test.
    @Suite("the benchmark of nodes")
    struct NodeBench {
        private static let arguments = [
            "bench", "node", "--events", "3000", "--difference", "0", "--difference", "50", "--stored", "600",
            "--nodes", "3", "--rate", "100", "--seconds", "3", "--json",
        ]

        /// The last line of its output.
        private struct Summary: Decodable {
            struct Reconcile: Decodable {
                let difference: Int
                let placement: String
                let way: String
                let bytes: Int
                let roundTrips: Int
                let equalityProved: Bool
            }

            let reconcile: [Reconcile]
            let stored: Int
            let ingestPerSecond: Double
            let bootstrapSeconds: Double
            let memoryBytes: Int
            let diskBytesPerEvent: Int
            let visibleMilliseconds: [String: Double]
        }

        @Test("every way ends equal, every message is on every node, and nothing is left", .timeLimit(.minutes(10)))
        func measures() async throws {
            try await Workshop.with { workshop in
                let outcome = try await workshop.run(Self.arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let line = try #require(outcome.output.split(separator: "\n").last)
                let summary = try JSONDecoder().decode(Summary.self, from: Data(line.utf8))
                #expect(summary.reconcile.count == 2 * (1 + 3))
                for row in summary.reconcile {
                    #expect(row.equalityProved && row.bytes > 0 && row.roundTrips > 0, "\(row)")
                    // Equality alone is a question and an answer each way.
                    if row.difference == 0 { #expect(row.roundTrips == 2 && row.bytes == 2 * 65) }
                }
                #expect(summary.stored == 600 && summary.visibleMilliseconds.keys.sorted() == ["p50", "p99"])
                for figure in [
                    summary.ingestPerSecond, summary.bootstrapSeconds, Double(summary.memoryBytes),
                    Double(summary.diskBytesPerEvent),
                ] { #expect(figure > 0) }
                #expect(workshop.processes == [])
            }
        }

        @Test("Ctrl-C ends it and what it started", .timeLimit(.minutes(10)))
        func interrupted() async throws {
            try await Workshop.with { workshop in
                let bench = try workshop.start(Self.arguments + ["--stored", "100000"])
                try await bench.wait(seconds: 60, until: "it runs nodes") { bench.errors.contains("filling a node") }
                bench.send(SIGINT)
                #expect(try await bench.wait(seconds: 30) == 130)
                #expect(workshop.processes == [])
            }
        }
    }
}
