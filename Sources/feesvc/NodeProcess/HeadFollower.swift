import AsyncHTTPClient
import Channels
import Logging
import Node
import Payer

/// Keeps a node's time and registry up to date with the fee service: waits for newer heads, asks for the registry and for what is sealed now and
/// then. While the service does not answer, the node lives with what it knows.
struct HeadFollower: Sendable {
    let node: ReplicationNode
    let client: JSONClient
    let genesis: Genesis
    let logger: Logger

    private static let pause = Duration.milliseconds(500)
    private static let registryPeriod = Duration.seconds(5)

    /// Follows until the task is cancelled.
    func run() async {
        await withTaskGroup { group in
            group.addTask { await followHeads() }
            group.addTask { await followRegistry() }
            group.addTask { await followSeals() }
        }
    }

    private func followHeads() async {
        var seen: (size: UInt64, time: UInt64) = (0, 0)
        while !Task.isCancelled {
            do {
                let body: HeadBody = try await client.get("/v1/head?size=\(seen.size)&time=\(seen.time)")
                let head = try body.signed
                do {
                    try await node.observe(head)
                } catch NodeError.headSignature {
                    // The log key may have been rotated; if not, this fails again.
                    let keys: KeysBody = try await client.get("/v1/keys")
                    node.learn(try keys.history(from: genesis))
                    try await node.observe(head)
                }
                seen = (head.head.size, head.head.time)
            } catch {
                logger.debug("no head", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: Self.pause)
            }
        }
    }

    /// A node that learns late that an epoch is sealed keeps its expired messages longer, and nothing else.
    private func followSeals() async {
        while !Task.isCancelled {
            do {
                let body: SealBody = try await client.get("/v1/seal")
                try await node.observe(try body.signed)
            } catch {
                logger.debug("no seal", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: Self.registryPeriod)
        }
    }

    private func followRegistry() async {
        while !Task.isCancelled {
            do {
                let nodes: NodesBody = try await client.get("/v1/nodes")
                await node.update(registry: try nodes.registered, members: nodes.members, of: nodes.epoch)
            } catch {
                logger.debug("no registry", metadata: ["error": "\(error)"])
            }
            try? await Task.sleep(for: Self.registryPeriod)
        }
    }
}
