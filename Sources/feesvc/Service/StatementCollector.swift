import AsyncHTTPClient
import Channels
import Logging
import Payer
import Primitives
import Storage

/// Fetches from the nodes what they have signed about an epoch. A node that does not answer in time has said nothing.
struct StatementCollector: Sendable {
    let service: FeeService
    let http: HTTPClient
    let logger: Logger

    /// What nodes are asked for; the last part of the path.
    private enum Statement: String {
        case observations
        case delivered
    }

    /// Remembers for who asks why a view is missing.
    private func noteRefused(_ node: UInt32, _ epoch: UInt64, _ refusal: Refusal) async {
        do {
            try await service.pool.withTransaction { transaction in
                try await RefusedObservationStore(transaction).note(
                    node, epoch: epoch, isLate: refusal.code == "statement/time")
            }
        } catch {
            // No result depends on it.
            logger.warning("refused observation not noted", metadata: ["reason": "\(error)"])
        }
    }

    /// Gathers the observations of an ended epoch.
    func collectObservations(of epoch: UInt64) async throws { try await collect(.observations, epoch: epoch) }

    /// Gathers the lists of an epoch's charges that the nodes hold.
    func collectDelivered(of epoch: UInt64) async throws { try await collect(.delivered, epoch: epoch) }

    private func collect(_ statement: Statement, epoch: UInt64) async throws {
        let stored: EpochStore.Statement = statement == .observations ? .observations : .deliveries
        let known = try await service.read { try await EpochStore($0).signers(of: stored, epoch: epoch) }
        let nodes = try await service.nodes().map(\.node).filter { !known.contains($0.number) }
        let answers = await withTaskGroup(of: (UInt32, SignedBytesBody?).self) { group in
            for node in nodes {
                group.addTask {
                    let client = JSONClient(
                        http: http, base: "http://\(node.registration.httpEndpoint)", timeoutSeconds: 10,
                        answerBytesMax: LogLeaf.bodyBytesMax * 2)
                    return (node.number, try? await client.get("/v1/\(statement.rawValue)/\(epoch)"))
                }
            }
            return await group.reduce(into: [UInt32: SignedBytesBody]()) { $0[$1.0] = $1.1 }
        }
        // In the order of node numbers, so that the log does not depend on who answered first.
        for node in nodes {
            guard let answer = answers[node.number] else {
                logger.warning(
                    "node said nothing", metadata: ["node": "\(node.number)", "statement": "\(statement.rawValue)"])
                continue
            }
            do {
                switch statement {
                case .observations:
                    try await service.take(observation: answer.bytes.bytes, signature: answer.signature)
                case .delivered:
                    try await service.take(delivered: answer.bytes.bytes, signature: answer.signature)
                }
            } catch let refusal as Refusal {
                logger.warning(
                    "statement refused", metadata: ["node": "\(node.number)", "reason": "\(refusal.detail)"])
                if statement == .observations { await noteRefused(node.number, epoch, refusal) }
            }
        }
    }
}
