import NIOCore

/// Cuts a stream of bytes into frames. The first frames of a connection, its handshake, have a small limit.
struct PeerFrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = PeerFrame

    private static let handshakeFrames = 2
    private var framesRead = 0

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) throws -> DecodingState {
        guard let frame = try next(in: &buffer) else { return .needMoreData }
        context.fireChannelRead(Self.wrapInboundOut(frame))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer,
        seenEOF: Bool
    ) throws -> DecodingState {
        while try decode(context: context, buffer: &buffer) == .continue {}
        buffer.clear()  // a frame cut off by the end of the stream is no frame
        return .needMoreData
    }

    /// Takes the next whole frame out of `buffer`, or `nil` while it is not whole.
    mutating func next(in buffer: inout ByteBuffer) throws(FrameError) -> PeerFrame? {
        guard let declared = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self) else { return nil }
        let limit = framesRead < Self.handshakeFrames ? PeerFrame.handshakeLengthMax : PeerFrame.lengthMax
        let length = Int(declared)
        try PeerFrame.check(length: length, limit: limit)
        guard buffer.readableBytes >= 4 + length else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        guard let payload = buffer.readBytes(length: length) else { return nil }
        framesRead = min(framesRead + 1, Self.handshakeFrames)
        return try PeerFrame(payload: payload)
    }
}

/// Writes frames.
final class PeerFrameEncoder: MessageToByteEncoder, Sendable {
    typealias OutboundIn = PeerFrame

    func encode(data: PeerFrame, out: inout ByteBuffer) throws {
        out.writeInteger(UInt32(PeerFrame.headerBytes + data.body.count))
        out.writeInteger(data.type)
        out.writeInteger(data.request)
        out.writeBytes(data.body)
    }
}
