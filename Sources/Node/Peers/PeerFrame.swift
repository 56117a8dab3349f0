/// One frame between nodes: `u32 length, u8 type, u32 request, body`.
struct PeerFrame: Hashable, Sendable {
    /// The largest length, that of what follows the length itself.
    static let lengthMax = 4_194_304
    /// The largest length of a handshake's frame: nobody who is not proved makes a node hold more.
    static let handshakeLengthMax = 512
    /// The bytes of type and request.
    static let headerBytes = 5

    let type: UInt8
    let request: UInt32
    let body: [UInt8]

    /// The whole frame.
    var bytes: [UInt8] {
        var writer = WireWriter()
        writer.append(UInt32(Self.headerBytes + body.count))
        writer.append(type)
        writer.append(request)
        writer.append(raw: body)
        return writer.bytes
    }

    /// Checks a declared length before anything is allocated for it.
    static func check(length: Int, limit: Int = lengthMax) throws(FrameError) {
        guard (headerBytes...limit).contains(length) else { throw .length(limit: limit, found: length) }
    }

    init(type: UInt8, request: UInt32, body: [UInt8]) {
        self.type = type
        self.request = request
        self.body = body
    }

    /// Reads what follows the length.
    init(payload: [UInt8]) throws(FrameError) {
        var reader = WireReader(payload)
        type = try reader.uint8()
        request = try reader.uint32()
        body = try reader.raw(payload.count - Self.headerBytes)
    }
}
