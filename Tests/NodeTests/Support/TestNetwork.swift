import Channels
import FoundationEssentials
import Logging
import Primitives

@testable import Node

/// A directory that is removed when the test ends.
final class TemporaryDirectory: Sendable {
    let path: String

    init() {
        path = "/tmp/node-tests-\(UInt64.random(in: 0...UInt64.max))"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

extension Logger {
    static var silent: Logger {
        guard ProcessInfo.processInfo.environment["NODE_TESTS_LOG"] != nil else {
            return Logger(label: "node.tests") { _ in SwiftLogNoOpLogHandler() }
        }
        var logger = Logger(label: "node.tests") { StreamLogHandler.standardError(label: $0) }
        logger.logLevel = .debug
        return logger
    }
}

/// A log and the keys and directories of some nodes.
struct TestNetwork {
    let log: TestLog
    let directory = TemporaryDirectory()

    init(sharding: Sharding = .none) {
        log = TestLog(sharding: sharding)
    }

    func key(_ number: UInt32) -> SecretKey { SecretKey(seed: UInt64(number), label: "node") }

    func configuration(_ number: UInt32, period: Duration = .milliseconds(200)) -> NodeConfiguration {
        var configuration = NodeConfiguration(
            genesis: log.genesis,
            number: number,
            key: key(number),
            dataDirectory: "\(directory.path)/\(number)",
            reconcilePeriod: period,
            seed: 7
        )
        configuration.limits.chainTimeout = .seconds(8)
        configuration.limits.probeTimeout = .seconds(20)
        return configuration
    }

    func registered(_ number: UInt32, port: Int) -> RegisteredNode {
        let operatorKey = SecretKey(seed: UInt64(number), label: "operator")
        let registration = RegisterNode(
            operatorAddress: operatorKey.address,
            nodeKey: key(number).address,
            payout: operatorKey.address,
            stake: Amount(1),
            peerEndpoint: "127.0.0.1:\(port)",
            httpEndpoint: "127.0.0.1:1"
        )
        let digest = log.domain.digest(of: registration)
        return RegisteredNode(
            number: number,
            registration: registration,
            operatorSignature: operatorKey.sign(digest),
            nodeSignature: key(number).sign(digest)
        )
    }

    func node(_ number: UInt32, period: Duration = .milliseconds(200)) async throws -> ReplicationNode {
        try await ReplicationNode(configuration(number, period: period), logger: .silent)
    }

    /// Runs nodes that know each other while `body` runs, then stops them.
    func run(_ nodes: [ReplicationNode], _ body: @escaping @Sendable () async throws -> Void) async throws {
        var registry: [RegisteredNode] = []
        for node in nodes { registry.append(registered(node.core.number, port: try await node.bind())) }
        for node in nodes { await node.update(registry: registry) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for node in nodes { group.addTask { try await node.run() } }
            try await body()
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Charges envelopes and pairs them with their receipts.
    func paid(_ envelopes: [Envelope]) -> [(envelope: Envelope, receipt: Receipt)] {
        zip(envelopes, log.charge(envelopes)).map { ($0, $1) }
    }
}

/// Waits until something holds, at most `limit`; tells whether it came to hold.
func eventually(within limit: Duration = .seconds(120), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline {
        if try await condition() { return true }
        try? await Task.sleep(for: .milliseconds(20))
    }
    return try await condition()
}

extension PublishOutcome {
    /// The event of an accepted envelope.
    var event: Bytes32? {
        if case .accepted(_, _, let event) = self { event } else { nil }
    }

    /// Why an envelope was refused.
    var refusal: PublishRefusal? {
        if case .refused(let refusal) = self { refusal } else { nil }
    }
}
