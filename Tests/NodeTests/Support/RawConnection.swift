import NIOCore
import NIOPosix

@testable import Node

/// A bare connection to a node's peer port, for whoever does not keep to the protocol.
enum RawConnection {
    /// Sends bytes and returns what comes back until the node closes, or `nil` where it does not within the limit.
    static func exchange(_ bytes: [UInt8], port: Int, within limit: Duration = .seconds(120)) async throws -> [UInt8]? {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            if !bytes.isEmpty { try await outbound.write(ByteBuffer(bytes: bytes)) }
            return try? await withDeadline(limit) {
                var received: [UInt8] = []
                do {
                    for try await buffer in inbound { received += Array(buffer.readableBytesView) }
                } catch {
                    // A reset is a close too.
                }
                return received
            }
        }
    }
}
