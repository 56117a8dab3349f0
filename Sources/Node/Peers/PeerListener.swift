import Logging
import NIOCore
import NIOPosix
import Primitives
import Synchronization

/// Accepts peers' connections and answers what they ask.
final class PeerListener: Sendable {
    private let server: NIOAsyncChannel<(any Channel)?, Never>
    /// Every accepted channel that is not closed, so that none outlives the listener.
    private let accepted: AcceptedChannels
    /// The port that is bound.
    let port: Int

    /// Binds the address; port 0 takes any free one.
    static func bind(host: String, port: Int, limits: NodeLimits) async throws(NodeError) -> PeerListener {
        let accepted = AcceptedChannels(limit: limits.connections)
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

    private init(server: NIOAsyncChannel<(any Channel)?, Never>, accepted: AcceptedChannels) {
        self.server = server
        self.accepted = accepted
        port = server.channel.localAddress?.port ?? 0
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

/// The connection that each proved peer asks over: a newer one takes the place of the older, so that one peer can't
/// hold many.
final class ServedPeers: Sendable {
    private let channels = Mutex<[UInt32: any Channel]>([:])

    /// A peer has proved itself on a connection.
    func serve(_ peer: UInt32, on channel: any Channel) {
        let older = channels.withLock { $0.updateValue(channel, forKey: peer) }
        older?.close(promise: nil)
    }

    /// A connection ended.
    func end(_ peer: UInt32, on channel: any Channel) {
        channels.withLock { channels in
            if channels[peer] === channel { channels[peer] = nil }
        }
    }
}

/// The channels that a listener accepted and that are not closed.
final class AcceptedChannels: Sendable {
    private let limit: Int
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a channel in until it closes; `false` where there are too many.
    func insert(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let hasRoom = channels.withLock { channels in
            guard channels.count < limit else { return false }
            channels[id] = channel
            return true
        }
        if hasRoom {
            channel.closeFuture.whenComplete { _ in self.channels.withLock { _ = $0.removeValue(forKey: id) } }
        }
        return hasRoom
    }

    /// Closes what is left.
    func closeAll() {
        for channel in channels.withLock({ Array($0.values) }) { channel.close(promise: nil) }
    }
}
