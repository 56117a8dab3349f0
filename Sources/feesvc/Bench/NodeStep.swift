import ArgumentParser
import Channels
import Foundation
import Logging
import Node
import Primitives
import ServiceLifecycle

/// Some nodes that a benchmark runs, each as a process of its own, and where they listen.
struct NodePlan: Codable {
    struct Place: Codable {
        let peer: Int
        let http: Int
    }

    let directory: String
    let seed: UInt64
    let places: [Place]

    var genesis: Genesis { BenchLog(seed: seed).genesis }

    func key(_ number: UInt32) -> SecretKey { SecretKey(seed: seed &+ UInt64(number), label: "bench node") }

    /// The registry: nodes 1, 2, 3 … at their places.
    var registry: [RegisteredNode] {
        let domain = genesis.domain
        return places.enumerated().map { index, place in
            let number = UInt32(index) + 1
            let owner = SecretKey(seed: seed &+ UInt64(number), label: "bench operator")
            let registration = RegisterNode(
                operatorAddress: owner.address, nodeKey: key(number).address, payout: owner.address, stake: Amount(1),
                peerEndpoint: "127.0.0.1:\(place.peer)", httpEndpoint: "127.0.0.1:\(place.http)")
            let digest = domain.digest(of: registration)
            return RegisteredNode(
                number: number, registration: registration, operatorSignature: owner.sign(digest),
                nodeSignature: key(number).sign(digest))
        }
    }
}

/// `feesvc bench node-step`: one node of a plan, without a fee service.
struct NodeStep: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "node-step", shouldDisplay: false)

    @Option var plan: String
    @Option var number: UInt32
    @Flag var untilStdinCloses = false

    /// The measurement is one client that publishes for all.
    private static let budgets = NodeClientBudgets(
        envelopes: BudgetRate(perSecond: 1_000_000, burst: 10_000_000), orders: NodeClientBudgets.orderRate)

    func run() async throws {
        try await Presentation.reportingErrors {
            let plan = try JSONDecoder().decode(NodePlan.self, from: try Data(contentsOf: URL(filePath: plan)))
            var logger = Logger(label: "feesvc")
            logger.logLevel = .warning
            let place = plan.places[Int(number) - 1]
            let node = try await ReplicationNode(
                NodeConfiguration(
                    genesis: plan.genesis, number: number, key: plan.key(number),
                    dataDirectory: "\(plan.directory)/node-\(number)", peerPort: place.peer, seed: plan.seed),
                logger: logger)
            _ = try await node.bind()
            await node.update(registry: plan.registry)
            var services: [any Service] = [
                Replication(node: node),
                HTTPServer(
                    responder: MethodResponder(NodeRoutes(node: node, budgets: Self.budgets).router()),
                    host: "127.0.0.1", port: place.http,
                    option: "http", addressFile: nil, logger: logger),
            ]
            if untilStdinCloses { services.append(StandardInputWatch()) }
            try await ServiceRun.run(services, logger: logger)
        }
    }
}
