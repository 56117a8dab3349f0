import AsyncHTTPClient
import Channels
import Foundation
import NIOCore
import Payer
import Primitives
import Synchronization

/// Nodes that a benchmark runs as processes, and how it speaks to them.
final class NodeFleet: Sendable {

    let plan: NodePlan
    let http: HTTPClient
    private let planPath: String
    private let processes = Mutex<[UInt32: ChildProcess]>([:])

    init(directory: String, count: Int, seed: UInt64, http: HTTPClient) throws {
        let ports = try FreePorts.reserve(2 * count)
        let places = (0..<count).map { NodePlan.Place(peer: ports[2 * $0], http: ports[2 * $0 + 1]) }
        plan = NodePlan(directory: directory, seed: seed, places: places)
        self.http = http
        planPath = directory + "/plan.json"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        try JSONEncoder().encode(plan).write(to: URL(filePath: planPath))
    }

    func client(_ number: UInt32) -> JSONClient {
        JSONClient(http: http, base: "http://127.0.0.1:\(plan.places[Int(number) - 1].http)")
    }

    /// Starts a node and waits until it answers.
    func start(_ number: UInt32) async throws {
        let process = try ChildProcess(
            name: "node \(number)", arguments: ["bench", "node-step", "--plan", planPath, "--number", "\(number)"],
            logPath: "\(plan.directory)/node-\(number).log")
        processes.withLock { $0[number] = process }
        for _ in 0..<1_200 {
            guard process.isRunning else { throw OperatorError("A node ended: \(process.lastWords)") }
            if let _: NodeStatusBody = try? await client(number).get("/v1/status") { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw OperatorError("Node \(number) does not answer: \(process.lastWords)")
    }

    private func process(_ number: UInt32) -> ChildProcess? { processes.withLock { $0[number] } }

    /// The most memory that a node has had, in bytes.
    func peakMemory(_ number: UInt32) -> Int { process(number)?.peakMemory ?? 0 }

    /// Processor seconds that a node has used.
    func processorSeconds(_ number: UInt32) -> Double {
        process(number).map { ProcessorTime.seconds(of: $0.processID) } ?? 0
    }

    /// Bytes of a node's data directory.
    func diskBytes(_ number: UInt32) -> Int {
        let folder = "\(plan.directory)/node-\(number)"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        return names.reduce(0) { sum, name in
            let attributes = try? FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            return sum + ((attributes?[.size] as? Int) ?? 0)
        }
    }

    /// Publishes paid envelopes at a node; throws where one is refused.
    func publish(_ paid: [(Envelope, Receipt)], at number: UInt32) async throws {
        var rest = paid[...]
        while !rest.isEmpty {
            let part = rest.prefix(Publisher.batchCountMax)
            rest = rest.dropFirst(part.count)
            let body = PublishRequest.encode(part.map { (envelope: $0.0, receipt: $0.1) })
            let answers: PublishAnswersBody = try await client(number).post("/v1/envelopes", bytes: body)
            if let problem = answers.results.lazy.compactMap(\.problem).first {
                throw OperatorError("Node \(number) refused an envelope: \(problem.detail)")
            }
        }
    }

    /// Waits until a node holds so many events.
    func wait(for events: UInt64, at number: UInt32) async throws {
        while true {
            let status: NodeStatusBody = try await client(number).get("/v1/status")
            if status.events >= events { return }
            guard process(number)?.isRunning ?? false else { throw OperatorError("Node \(number) ended.") }
            try await Task.sleep(for: .milliseconds(20))
        }
    }

    func stop() async {
        for process in processes.withLock({ Array($0.values) }) { await process.stop() }
        try? FileManager.default.removeItem(atPath: plan.directory)
    }
}
