import Logging
import NIOCore
import NIOPosix
import Primitives

/// Accepts peers' connections and answers what they ask.
final class PeerListener: Sendable {
    private let server: NIOAsyncChannel<(any Channel)?, Never>
    /// Every accepted channel that is not closed, so that none outlives the listener.
    private let accepted: OpenChannels
    /// The port that is bound.
    let port: Int

    /// Binds the address; port 0 takes any free one.
    static func bind(host: String, port: Int, limits: NodeLimits) async throws(NodeError) -> PeerListener {
        let accepted = OpenChannels(limit: limits.connections)
        let idle = TimeAmount(limits.idleTimeout)
        do {
            let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 128)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.autoRead, value: false)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .bind(host: host, port: port) { channel -> EventLoopFuture<(any Channel)?> in
                    guard accepted.insert(channel) else {
                        channel.close(promise: nil)
                        return channel.eventLoop.makeSucceededFuture(nil)
                    }
                    return PeerChannel.configure(channel, idle: idle).map { channel }
                }
            return PeerListener(server: server, accepted: accepted)
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw .addressInUse(host: host, port: port)
        } catch {
            throw .addressUnavailable(host: host, port: port, reason: "\(error)")
        }
    }

    private init(server: NIOAsyncChannel<(any Channel)?, Never>, accepted: OpenChannels) {
        self.server = server
        self.accepted = accepted
        port = server.channel.localAddress?.port ?? 0
    }

    deinit {
        // Of a listener that was dropped before it ran; closing a closed channel changes nothing.
        server.channel.close(promise: nil)
    }

    /// Closes the port of a listener that never ran.
    func close() async { try? await server.channel.close() }

    /// Serves until the task is cancelled; then the port and every connection are closed.
    func run(_ core: NodeCore) async throws {
        defer { accepted.closeAll() }
        let served = ServedPeers()
        try await server.executeThenClose { inbound in
            try await withThrowingDiscardingTaskGroup { group in
                defer { group.cancelAll() }
                for try await case .some(let channel) in inbound {
                    group.addTask { await PeerServing(core: core, served: served).serve(channel) }
                }
            }
        }
    }
}
