import Foundation
import Testing

#if canImport(Glibc)
import Glibc
#endif

extension FeesvcSystem {
    /// The benchmark's commands run to their end; what they measure is nobody's test.
    @Suite("the benchmark of vouchers")
    struct VoucherBench {
        private static let arguments = [
            "bench", "vouchers", "--seconds", "0.2", "--channels", "160", "--connections", "16", "--batch", "10",
            "--json",
        ]

        /// The last line of its output.
        private struct Summary: Decodable {
            let acceptedPerSecond: Double
            let acceptedPerSecondUnbatched: Double
            let baselinePerSecond: Double
            let cpuMicrosecondsPerVoucher: Double
            let rawRecoveryCpuMicroseconds: Double
            let refusalCpuMicroseconds: [String: Double]
            let bytesPerVoucher: Int
            let peakMemoryBytes: Int
            let conserved: Bool
        }

        @Test("it charges every voucher once, says what it measured and leaves nothing", .timeLimit(.minutes(10)))
        func measures() async throws {
            try await Workshop.with { workshop in
                let outcome = try await workshop.run(Self.arguments)
                #expect(outcome.status == 0, "\(outcome.errors)")
                let line = try #require(outcome.output.split(separator: "\n").last)
                let summary = try JSONDecoder().decode(Summary.self, from: Data(line.utf8))
                #expect(summary.conserved)
                for figure in [
                    summary.acceptedPerSecond, summary.acceptedPerSecondUnbatched, summary.baselinePerSecond,
                    summary.cpuMicrosecondsPerVoucher, summary.rawRecoveryCpuMicroseconds,
                    Double(summary.bytesPerVoucher), Double(summary.peakMemoryBytes),
                ] { #expect(figure > 0) }
                #expect(summary.refusalCpuMicroseconds.keys.sorted() == ["badSignature", "form", "stale", "unknown"])
                #expect(workshop.processes == [])
            }
        }

        @Test("Ctrl-C ends it and what it started", .timeLimit(.minutes(10)))
        func interrupted() async throws {
            try await Workshop.with { workshop in
                let bench = try workshop.start(Self.arguments)
                try await bench.wait(seconds: 60, until: "it warms up") { bench.errors.contains("warming up") }
                bench.send(SIGINT)
                #expect(try await bench.wait(seconds: 30) == 130)
                #expect(workshop.processes == [])
            }
        }
    }
}
