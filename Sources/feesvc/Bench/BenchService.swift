import AsyncHTTPClient
import Foundation
import Payer
import Storage

/// A fee service with its own PostgreSQL in processes of their own, for a benchmark.
struct BenchService {
    let directory: String
    let process: ChildProcess
    let connection: ServiceConnection
    let url: String
    let http: HTTPClient

    /// Starts it on the system's clock, fsync and synchronous_commit on, and waits until it answers.
    static func start(_ directory: String, http: HTTPClient, isGrouping: Bool) async throws -> BenchService {
        let address = directory + "/service.address"
        let process = try ChildProcess(
            name: "fee service",
            arguments: [
                "serve", "--data-dir", directory + "/service", "--port", "0", "--address-file", address,
                "--log-level", "warning",
            ] + (isGrouping ? [] : ["--one-voucher-a-transaction"]), logPath: directory + "/service.log")
        for _ in 0..<600 where !FileManager.default.fileExists(atPath: address) {
            guard process.isRunning else { throw OperatorError("The fee service ended: \(process.lastWords)") }
            try await Task.sleep(for: .milliseconds(100))
        }
        let bound = try String(contentsOfFile: address, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        let url = "http://\(bound)"
        return BenchService(
            directory: directory, process: process, connection: try await ServiceConnection(http: http, url: url),
            url: url, http: http)
    }

    /// Processor seconds that the service and its PostgreSQL have used.
    var processorSeconds: (service: Double, postgres: Double) {
        get throws {
            let cluster = try PostgresCluster(directory: directory + "/service")
            return (
                ProcessorTime.seconds(of: process.processID),
                cluster.processID.map { ProcessorTime.seconds(ofCluster: $0) } ?? 0
            )
        }
    }

    /// Bytes that the cluster's database holds on disk.
    func databaseBytes() async throws -> Int {
        let pool = try database()
        let rows = try await pool.query("SELECT pg_database_size(current_database()) AS size")
        await pool.close()
        return Int(try rows.first?.unsigned("size") ?? 0)
    }
}
