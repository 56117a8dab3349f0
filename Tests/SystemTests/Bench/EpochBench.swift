import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// The benchmark of an epoch runs to its end; what it measures is nobody's test.
    @Suite("the benchmark of an epoch")
    struct EpochBench {
        private static let arguments = [
            "bench", "epoch", "--charges", "700", "--payers", "9", "--nodes", "4", "--observed", "3", "--tree-leaves",
            "50", "--json",
        ]

        /// The last line of its output.
        private struct Summary: Decodable {
            let charges: Int
            let payers: Int
            let nodes: Int
            let sealSeconds: Double
            let treeSeconds: Double
            let exportSeconds: Double
            let exportSecondsByFormat: [String: Double]
            let auditSeconds: Double
            let auditWithSignaturesSeconds: Double
            let peakMemoryBytes: Int
            let conserved: Bool
        }

        @Test(
            "it seals, exports and audits what it made, says what it measured and leaves nothing",
            .timeLimit(.minutes(10)))
        func measures() async throws {
            try await Workshop.with { workshop in
                let outcome = try await workshop.run(Self.arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let line = try #require(outcome.output.split(separator: "\n").last)
                let summary = try JSONDecoder().decode(Summary.self, from: Data(line.utf8))
                #expect(summary.conserved)
                #expect(summary.charges == 700 && summary.payers == 9 && summary.nodes == 4)
                #expect(
                    summary.exportSecondsByFormat.keys.sorted()
                        == ["beancount", "csv", "export", "hledger", "json", "ledger", "xlsx"])
                for figure in [
                    summary.sealSeconds, summary.treeSeconds, summary.exportSeconds, summary.auditSeconds,
                    summary.auditWithSignaturesSeconds, Double(summary.peakMemoryBytes),
                ] { #expect(figure > 0) }
                #expect(workshop.processes == [])
            }
        }

        @Test("Ctrl-C ends it and what it started", .timeLimit(.minutes(10)))
        func interrupted() async throws {
            try await Workshop.with { workshop in
                let bench = try workshop.start(Self.arguments)
                try await bench.wait(seconds: 60, until: "it opens channels") { bench.errors.contains("opening 9") }
                bench.send(SIGINT)
                #expect(try await bench.wait(seconds: 30) == 130)
                #expect(workshop.processes == [])
            }
        }
    }
}
