import NIOCore

/// Puts the frame codec on a channel and makes it an asynchronous one.
///
/// Reading starts only in ``wrap(_:)``: until then a channel may be dropped and closed like any other.
enum PeerChannel {
    typealias Frames = NIOAsyncChannel<PeerFrame, PeerFrame>

    /// The handlers of a channel; `idle` closes it after so long a silence of the other end.
    static func configure(_ channel: any Channel, idle: TimeAmount?) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let pipeline = channel.pipeline.syncOperations
            if let idle {
                try pipeline.addHandler(IdleStateHandler(readTimeout: idle))
                try pipeline.addHandler(IdleCloser())
            }
            try pipeline.addHandler(ByteToMessageHandler(PeerFrameDecoder()))
            try pipeline.addHandler(MessageToByteHandler(PeerFrameEncoder()))
        }
    }

    /// Starts reading. A frame has up to 4 MiB, so few of them are buffered.
    static func wrap(_ channel: any Channel) async throws -> Frames {
        do {
            return try await channel.eventLoop.submit {
                let frames = try Frames(
                    wrappingChannelSynchronously: channel,
                    configuration: .init(backPressureStrategy: .init(lowWatermark: 1, highWatermark: 4))
                )
                try channel.syncOptions?.setOption(.autoRead, value: true)
                return frames
            }.get()
        } catch {
            channel.close(promise: nil)
            throw error
        }
    }
}

/// Closes a channel that has been silent too long.
private final class IdleCloser: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if event is IdleStateHandler.IdleStateEvent { context.close(promise: nil) }
        context.fireUserInboundEventTriggered(event)
    }
}

extension TimeAmount {
    /// The same length of time, for NIO.
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
