import AsyncHTTPClient
import Channels
import Foundation
import Payer
import Primitives
import Synchronization

/// The processes of a demo: a fee service with its own PostgreSQL, and full nodes, each with a data directory of its own.
actor DemoNetwork {
    /// One node's process and what the demo knows of it.
    struct NodeProcess {
        let registered: RegisteredNode
        var process: ChildProcess
    }

    nonisolated let directory: String
    nonisolated let identities: DemoIdentities
    nonisolated let http: HTTPClient
    private let logLevel: String
    private var service: ChildProcess?
    private var actNonce: UInt64 = 0
    private(set) var serviceURL = ""
    private(set) var nodes: [NodeProcess] = []
    /// The most memory of processes that are gone, by name.
    private var peaks: [String: Int] = [:]

    init(directory: String, identities: DemoIdentities, http: HTTPClient, logLevel: String) {
        self.directory = directory
        self.identities = identities
        self.http = http
        self.logLevel = logLevel
    }

    private nonisolated var serviceDirectory: String { directory + "/service" }

    /// The database of the service's own cluster.
    nonisolated var database: String {
        get throws { try PostgresCluster(directory: serviceDirectory).connectionString }
    }

    /// Starts the service with the demo's parameters and waits until it answers.
    func startService(start: UInt64, epochLength: UInt64) async throws -> ServiceConnection {
        let address = directory + "/service.address"
        try? FileManager.default.removeItem(atPath: address)
        let process = try ChildProcess(
            name: "fee service",
            arguments: [
                "serve", "--data-dir", serviceDirectory, "--port", "0", "--address-file", address, "--manual-clock",
                "--start", "\(start)", "--epoch-length", "\(epochLength)", "--log-level", logLevel,
            ], logPath: directory + "/service.log")
        service = process
        try await wait(for: "the fee service to answer", of: [process], seconds: 120) {
            FileManager.default.fileExists(atPath: address)
        }
        let bound = try String(contentsOfFile: address, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
        serviceURL = "http://\(bound)"
        return try await ServiceConnection(http: http, url: serviceURL)
    }

    /// The key that the embedded settlement signs with.
    nonisolated func settlementKey() throws -> SecretKey {
        try KeyFile.readPlain(serviceDirectory + "/keys/settlement.key")
    }

    /// Orders an administrative act.
    func order(_ order: AdminOrder, on connection: ServiceConnection) async throws {
        let key = try KeyFile.readPlain(serviceDirectory + "/keys/admin.key")
        actNonce += 1
        let act = AdminAct(order, nonce: actNonce)
        let body = SignedBytesBody(
            bytes: act.canonicalBytes, signature: key.sign(connection.domain.digest(of: act.statement)))
        let _: HeadBody = try await connection.client.post("/v1/admin/acts", body)
    }

    /// Stakes for, registers and starts `count` nodes.
    func startNodes(_ count: Int, stake: Amount, on connection: ServiceConnection) async throws {
        let settlement = try settlementKey()
        let ports = try FreePorts.reserve(2 * count)
        for number in 0..<count {
            let operatorKey = identities.nodeOperator(number + 1)
            let deposit = StakeDeposit(
                operatorAddress: operatorKey.address, amount: stake,
                reference: identities.bytes("stake/\(number + 1)"))
            let body = SettlementBody(
                subject: HexBytes(deposit.operatorAddress.bytes), amount: stake, reference: deposit.reference,
                signature: settlement.sign(connection.domain.digest(of: deposit)))
            let _: [String: String] = try await connection.client.post("/v1/settlement/stakes", body)
            let registered = try await NodeRegistration(
                service: connection, operatorKey: operatorKey, nodeKey: identities.node(number + 1)
            ).register(
                payout: operatorKey.address, stake: stake, peer: Endpoint(host: "127.0.0.1", port: ports[2 * number]),
                http: Endpoint(host: "127.0.0.1", port: ports[2 * number + 1]))
            try FileManager.default.createDirectory(
                atPath: nodeDirectory(number) + "/keys", withIntermediateDirectories: true)
            try KeyFile.write(identities.node(number + 1), to: nodeDirectory(number) + "/keys/node.key")
            nodes.append(NodeProcess(registered: registered, process: try spawnNode(number)))
        }
        for number in 0..<count { try await waitUntilAnswering(number) }
        try await wait(for: "the nodes to find each other", of: nodes.map(\.process), seconds: 60) {
            for number in 0..<count where try await self.status(of: number).connectedPeers < count - 1 { return false }
            return true
        }
    }

    private nonisolated func nodeDirectory(_ number: Int) -> String { directory + "/node-\(number + 1)" }

    private func spawnNode(_ number: Int) throws -> ChildProcess {
        try ChildProcess(
            name: "node \(number + 1)",
            arguments: [
                "node", "run", "--data-dir", nodeDirectory(number), "--key", nodeDirectory(number) + "/keys/node.key",
                "--service", serviceURL, "--seed", "\(identities.seed &+ UInt64(number))", "--log-level", logLevel,
            ], logPath: directory + "/node-\(number + 1).log")
    }

    private func waitUntilAnswering(_ number: Int) async throws {
        try await wait(for: "node \(number + 1) to answer", of: [nodes[number].process], seconds: 60) {
            (try? await self.status(of: number)) != nil
        }
    }

    /// A node's state; throws where it does not answer.
    func status(of number: Int) async throws -> NodeStatusBody {
        try await client(of: number).get("/v1/status")
    }

    /// Speaks to a node.
    func client(of number: Int) -> JSONClient {
        JSONClient(
            http: http, base: "http://\(nodes[number].registered.registration.httpEndpoint)", timeoutSeconds: 30)
    }

    /// The nodes that run.
    var running: [Int] { nodes.indices.filter { nodes[$0].process.isRunning } }

    /// Kills a node with SIGKILL.
    func killNode(_ number: Int) async {
        await nodes[number].process.killNow()
        notePeak(nodes[number].process)
    }

    /// Starts a killed node again on its data directory.
    func restartNode(_ number: Int) async throws {
        nodes[number].process = try spawnNode(number)
        try await waitUntilAnswering(number)
    }

    /// Waits until `isTrue`, while the processes that it depends on run.
    func wait(
        for what: String, of processes: [ChildProcess], seconds: Int, _ isTrue: @Sendable () async throws -> Bool
    ) async throws {
        let end = ContinuousClock.now + .seconds(seconds)
        while try await !isTrue() {
            if let dead = processes.first(where: { !$0.isRunning }) {
                throw OperatorError("The \(dead.name) stopped: \(dead.lastWords) (log: \(dead.logPath))")
            }
            guard ContinuousClock.now < end else {
                throw OperatorError("Waited \(seconds) s in vain for \(what); see the logs in \(directory).")
            }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    /// The processes that should run now.
    var processes: [ChildProcess] { ([service].compactMap(\.self) + nodes.map(\.process)).filter(\.isRunning) }

    private func notePeak(_ process: ChildProcess) {
        peaks[process.name] = max(peaks[process.name] ?? 0, process.peakMemory)
    }

    /// The most memory each process has had, in bytes, by name.
    func peakMemory() -> [(name: String, bytes: Int)] {
        for process in [service].compactMap(\.self) + nodes.map(\.process) { notePeak(process) }
        var names = ["fee service"]
        names += nodes.map(\.process.name)
        return names.compactMap { name in peaks[name].map { (name, $0) } }
    }

    /// Stops every process: nodes, then the service, which stops its PostgreSQL.
    func stop() async {
        await withTaskGroup { group in
            for node in nodes { group.addTask { await node.process.stop() } }
        }
        await service?.stop(within: 60)
        if let cluster = try? PostgresCluster(directory: serviceDirectory), cluster.processID != nil {
            await cluster.stop()
        }
    }
}

/// Ports that nobody listens on.
enum FreePorts {
    /// Finds `count` different ones by listening on port 0 for a moment.
    static func reserve(_ count: Int) throws -> [Int] {
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        return try (0..<count).map { _ in
            let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            guard handle >= 0 else { throw OperatorError("No socket can be opened; raise the limit of open files.") }
            sockets.append(handle)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(handle, $0, length) == 0 && getsockname(handle, $0, &length) == 0
                }
            }
            guard isBound else { throw OperatorError("No free port can be found on 127.0.0.1.") }
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}
