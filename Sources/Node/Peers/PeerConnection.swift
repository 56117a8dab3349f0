import NIOCore
import NIOPosix

/// A connection that this node makes to a peer's address.
enum PeerConnection {
    /// Connects to `endpoint`, gives `body` the asking end of the connection, and closes it afterwards.
    static func run(
        to endpoint: String, peer: UInt32, limits: NodeLimits,
        _ body: @escaping @Sendable (PeerSession) async throws -> Void
    ) async throws {
        guard let (host, port) = Registry.split(endpoint: endpoint) else { throw PeerFailure.endpoint }
        let opening = OpenChannels(limit: 8)
        let channel = try await withTaskCancellationHandler {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(TimeAmount(limits.handshakeTimeout))
                .channelOption(.autoRead, value: false)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .channelInitializer { channel in
                    _ = opening.insert(channel)
                    return PeerChannel.configure(channel, idle: nil)
                }
                .connect(host: host, port: port).get()
        } onCancel: {
            opening.closeAll()
        }
        try await PeerChannel.wrap(channel).executeThenClose { inbound, outbound in
            let session = PeerSession(peer: peer, outbound: outbound, timeout: limits.requestTimeout)
            defer { session.close() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    var last: PeerFrame?
                    for try await frame in inbound {
                        session.deliver(frame)
                        last = frame.type == PeerAnswer.refusalType ? frame : nil
                    }
                    throw end(after: last)
                }
                group.addTask { try await body(session) }
                defer { group.cancelAll() }
                try await group.next()
            }
        }
    }

    /// Why the other end closed: it says so right before. Whoever waits for that answer may hear of the close first.
    private static func end(after last: PeerFrame?) -> PeerFailure {
        guard let last, case .refusal(let refusal)? = try? PeerAnswer(type: last.type, body: last.body) else {
            return .closed
        }
        return .refused(refusal)
    }
}
