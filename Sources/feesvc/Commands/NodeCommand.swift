import ArgumentParser
import AsyncHTTPClient
import Channels
import Foundation
import Hummingbird
import Logging
import Node
import Payer
import Primitives
import ServiceLifecycle

/// `feesvc node`.
struct NodeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "node", abstract: "Run, register and look at full nodes; attest and claim what they earn.",
        subcommands: [
            Run.self, Register.self, Status.self, Peers.self, ExplainEvent.self, Attest.self, Claim.self, Check.self,
            Compact.self, Move.self, Export.self, Import.self,
        ])

    /// `feesvc node run`.
    struct Run: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run a full node.",
            discussion: """
                The node's key must be registered (feesvc node register); the registry says its number and where it listens. \
                SIGTERM and SIGINT stop it.

                A key that is made here lies in a plain file of mode 0600, or encrypted where --passphrase-file names a \
                passphrase. An encrypted key (feesvc key) is opened at the start with that file, or with what is typed.
                """)

        @Option(help: "Where the node keeps its database and key.")
        var dataDir = "./feesvc-node"
        @Option(help: "The fee service.")
        var service = "http://127.0.0.1:8080"
        @Option(help: "The node's key file; default: node.key in the data directory, made where there is none.")
        var key: String?
        @Option(help: "Where other nodes reach it; default: as registered.")
        var listenPeers: String?
        @Option(help: "Where clients reach it; default: as registered.")
        var listenHttp: String?
        @Option(
            help: """
                Bytes of the database above which nothing is taken from publishers (20000000000, 20G, 500M): they are told to use another \
                node. Reading and healing go on, and what expires makes room.
                """)
        var diskMax: ByteCount?
        @OptionGroup var clientOptions: ClientOptions
        @Option(help: "Seeds probes and back-off.")
        var seed: UInt64 = 1
        @Flag(help: .hidden)
        var untilStdinCloses = false
        @OptionGroup var passphrase: PassphraseOptions
        @OptionGroup var logging: LogOptions

        func run() async throws {
            try await Presentation.reportingErrors {
                let logger = logging.logger("node")
                let http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
                do {
                    try await run(http, logger)
                } catch {
                    try? await http.shutdown()
                    throw error
                }
                try await http.shutdown()
            }
        }

        private func run(_ http: HTTPClient, _ logger: Logger) async throws {
            try DataDirectory.prepare(dataDir, kind: "node")
            let key = try await KeyFile.readOrCreate(
                key ?? dataDir + "/node.key", passphraseFile: passphrase.passphraseFile, logger: logger)
            let connection = try await ServiceConnection(http: http, url: service)
            let registry: NodesBody = try await connection.client.get("/v1/nodes")
            guard let me = try registry.registered.first(where: { $0.registration.nodeKey == key.address }) else {
                throw OperatorError("The key \(key.address) is not registered at \(service); run feesvc node register.")
            }
            guard let peers = Endpoint(listenPeers ?? me.registration.peerEndpoint),
                let clients = Endpoint(listenHttp ?? me.registration.httpEndpoint)
            else { throw OperatorError("--listen-peers and --listen-http are host:port.") }

            var logger = logger
            logger[metadataKey: "node"] = "\(me.number)"
            var configuration = NodeConfiguration(
                genesis: connection.genesis, number: me.number, key: key, dataDirectory: dataDir + "/store",
                peerHost: peers.host, peerPort: peers.port, seed: seed)
            configuration.limits.diskBytes = diskMax?.bytes
            configuration.limits.uselessOrders = clientOptions.uselessOrders
            let node = try await ReplicationNode(configuration, logger: logger)
            let denied = clientOptions.denyList.map { DenyListFile(path: $0, policy: node.policy, logger: logger) }
            try denied?.load()
            node.learn(connection.keys)
            try await node.refuseTwin(at: me.registration.peerEndpoint)
            _ = try await node.bind()
            await node.update(registry: try registry.registered)
            let follower = HeadFollower(
                node: node, client: connection.client, genesis: connection.genesis, logger: logger)
            var services: [any Service] = [
                Replication(node: node), HeadFollowing(follower: follower),
                HTTPServer(
                    responder: MethodResponder(NodeRoutes(node: node, budgets: clientOptions.budgets).router()),
                    host: clients.host, port: clients.port,
                    option: "--listen-http",
                    addressFile: nil, isBehindProxy: clientOptions.behindProxy,
                    logger: logger),
            ]
            if let denied { services.append(denied) }
            if untilStdinCloses { services.append(StandardInputWatch()) }
            try await ServiceRun.run(services, logger: logger)
        }
    }

    /// `feesvc node register`.
    struct Register: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put a node into the registry.",
            discussion: "The operator's stake must have been confirmed by the settlement before.")

        @Option(help: "The fee service.")
        var service = "http://127.0.0.1:8080"
        @Option(help: "The operator's key file.")
        var operatorKey: String
        @Option(help: "The node's key file.")
        var nodeKey: String
        @OptionGroup var passphrase: PassphraseOptions
        @Option(help: "A file with the passphrase of --node-key; default: --passphrase-file.")
        var nodeKeyPassphraseFile: String?
        @Option(help: "Where claims are paid; default: the operator's address.")
        var payout: String?
        @Option(help: "What the operator puts up for the node, in units.")
        var stake: String
        @Option(help: "Where other nodes reach it, host:port.")
        var peer: String
        @Option(help: "Where clients reach it, host:port.")
        var http: String

        func run() async throws {
            try await Presentation.reportingErrors {
                guard let stake = Amount(decimal: stake), let peer = Endpoint(peer), let clients = Endpoint(http) else {
                    throw OperatorError("--stake is a whole number of units; --peer and --http are host:port.")
                }
                let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .promptlyFailing)
                do {
                    let node = try await register(client, stake: stake, peer: peer, clients: clients)
                    print("node \(node.number) is registered with key \(node.registration.nodeKey.checksummed)")
                } catch {
                    try? await client.shutdown()
                    throw error
                }
                try await client.shutdown()
            }
        }

        private func register(
            _ client: HTTPClient, stake: Amount, peer: Endpoint, clients: Endpoint
        ) async throws -> RegisteredNode {
            let operatorKey = try await passphrase.key(operatorKey)
            let nodeKey = try await KeyFile.read(
                nodeKey, passphraseFile: nodeKeyPassphraseFile ?? passphrase.passphraseFile)
            let connection = try await ServiceConnection(http: client, url: service)
            var account = operatorKey.address
            if let payout {
                guard let address = Address(hex: payout.lowercased()) else {
                    throw OperatorError("--payout is 0x and 40 hex digits.")
                }
                account = address
            }
            return try await NodeRegistration(
                service: connection, operatorKey: operatorKey, nodeKey: nodeKey
            ).register(payout: account, stake: stake, peer: peer, http: clients)
        }
    }
}

/// Runs a node's engine until the group shuts down.
struct Replication: Service, CustomStringConvertible {
    let node: ReplicationNode

    var description: String { "replication" }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await node.run() }
        } catch is CancellationError {}
    }
}

/// Follows the service's heads until the group shuts down.
struct HeadFollowing: Service, CustomStringConvertible {
    let follower: HeadFollower

    var description: String { "heads" }

    func run() async throws {
        await cancelWhenGracefulShutdown { await follower.run() }
    }
}
