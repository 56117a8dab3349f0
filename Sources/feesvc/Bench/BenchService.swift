import AsyncHTTPClient
import Channels
import Foundation
import Payer
import Primitives
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
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        // The cluster may run as another user, who has to get through.
        try FileManager.default.setAttributes([.posixPermissions: 0o711], ofItemAtPath: directory)
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

    /// Opens a channel for each key and confirms a deposit for it; returns their ids.
    func openChannels(_ keys: [SecretKey], deposit: Amount) async throws -> [Bytes32] {
        let settlement = try KeyFile.read(directory + "/service/keys/settlement.key")
        return try await withThrowingTaskGroup(of: (Int, Bytes32).self) { group in
            var ids = [Bytes32](repeating: .zero, count: keys.count)
            var next = 0
            func add() {
                guard next < keys.count else { return }
                let place = next
                next += 1
                group.addTask { (place, try await self.open(keys[place], settlement, deposit)) }
            }
            for _ in 0..<64 { add() }
            while let (place, id) = try await group.next() {
                ids[place] = id
                add()
            }
            return ids
        }
    }

    private func open(_ key: SecretKey, _ settlement: SecretKey, _ amount: Amount) async throws -> Bytes32 {
        let domain = connection.domain
        let opening = OpenChannel(payer: key.address, signer: key.address, opening: SHA256.hash(key.address.bytes))
        let id = opening.channelID(in: domain)
        let _: ChannelOpenedBody = try await connection.client.post(
            "/v1/channels", OpenChannelBody(opening, signature: key.sign(id)))
        let deposit = Deposit(channelID: id, amount: amount, reference: id)
        let _: [String: String] = try await connection.client.post(
            "/v1/settlement/deposits",
            SettlementBody(
                subject: HexBytes(id.bytes), amount: amount, reference: id,
                signature: settlement.sign(domain.digest(of: deposit))))
        return id
    }
}
