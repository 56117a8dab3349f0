import ArgumentParser
import AsyncHTTPClient
import Foundation
import Payer

/// `feesvc bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure this program on this machine.",
        subcommands: [VoucherBench.self, EpochBench.self, NodeBench.self, EpochStep.self, NodeStep.self])
}

/// `feesvc bench vouchers`.
struct VoucherBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vouchers", abstract: "Measure how fast vouchers are accepted, and what one costs.",
        discussion: """
            Starts a fee service with a PostgreSQL of its own (fsync and synchronous_commit on) as processes, opens channels, \
            signs vouchers before the clock starts, and sends them. Every accepted voucher's own signature is recovered by \
            the service. Figures are of one run on one machine; the program must be built in release mode.
            """)

    @Option(help: "Seconds of each measurement.")
    var seconds = 10.0
    @Option(help: "How many channels pay.")
    var channels = 3_200
    @Option(help: "How many connections send at once.")
    var connections = 64
    @Option(help: "Vouchers a request, each of another channel.")
    var batch = 50
    @Option(
        help: "Charges that are on record already when the measurement begins; the rate without them is told as well.")
    var preload = 0
    @Flag(help: "Print one JSON object as the last line.")
    var json = false

    func validate() throws {
        guard (1...256).contains(batch), (1...1_024).contains(connections), seconds >= 0.1, preload >= 0,
            channels >= max(connections, 16) * batch
        else {
            throw ValidationError(
                "--batch is 1 to 256, --connections 1 to 1024, and --channels at least their product (16 connections or more)."
            )
        }
    }

    func run() async throws {
        try await Presentation.reportingErrors {
            let directory = "/tmp/feesvc-bench-\(ProcessInfo.processInfo.processIdentifier)"
            var configuration = HTTPClient.Configuration.promptlyFailing
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(64, connections)
            let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            var failure: (any Error)?
            do {
                try await Interruption.orEnd {
                    let report = try await VoucherMeasurement(options: self, directory: directory, http: http).run()
                    print(report.text)
                    if json { print(try report.json()) }
                }
            } catch {
                failure = error
            }
            try? await http.shutdown()
            try? FileManager.default.removeItem(atPath: directory)
            if failure is Interruption { throw ExitCode(130) }
            if let failure { throw failure }
        }
    }
}
