import Foundation

/// A Unix socket whose calls block.
struct WireSocket: Sendable {
    let descriptor: Int32

    /// What the system said.
    struct Failed: Error {
        let call: String
        let code = errno
    }

    /// Waits for connections at a path.
    static func listening(at path: String) throws -> WireSocket {
        let socket = try made()
        guard try Self.with(path, { bind(socket.descriptor, $0, $1) }) == 0 else { throw Failed(call: "bind") }
        guard listen(socket.descriptor, 64) == 0 else { throw Failed(call: "listen") }
        return socket
    }

    /// Connects to a path.
    static func connected(to path: String) throws -> WireSocket {
        let socket = try made()
        guard try Self.with(path, { connect(socket.descriptor, $0, $1) }) == 0 else {
            socket.end()
            throw Failed(call: "connect")
        }
        return socket
    }

    /// The next connection; `nil` once the socket was shut down.
    func accepted() -> WireSocket? {
        let descriptor = accept(descriptor, nil, nil)
        return descriptor < 0 ? nil : WireSocket(descriptor: descriptor)
    }

    /// Appends what has come; false at the end.
    func read(into bytes: inout [UInt8]) -> Bool {
        withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            guard count > 0 else { return false }
            bytes += buffer[..<count]
            return true
        }
    }

    /// Sends everything; false where nobody listens any more.
    @discardableResult
    func write(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.withUnsafeBytes { raw in
            var sent = 0
            while sent < raw.count {
                let rest = UnsafeRawBufferPointer(rebasing: raw[sent...])
                let count = send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }
    }

    /// Ends both directions; whoever waits in a call sees it.
    func shutDown() { shutdown(descriptor, Int32(SHUT_RDWR)) }

    /// Gives the descriptor back.
    func end() { close(descriptor) }

    private static func made() throws -> WireSocket {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failed(call: "socket") }
        return WireSocket(descriptor: descriptor)
    }

    private static func with(
        _ path: String, _ call: (UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8)
        guard name.count < MemoryLayout.size(ofValue: address.sun_path) else { throw Failed(call: "a path so long") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}

/// PostgreSQL's messages as they come out of a socket: a letter, a length and a body, the first one without the letter.
struct WireMessages {
    struct Message {
        /// 0 for the first message of a client.
        let kind: UInt8
        /// The whole message.
        let bytes: ArraySlice<UInt8>

        /// What follows the length.
        var body: ArraySlice<UInt8> { bytes.dropFirst(kind == 0 ? 4 : 5) }
    }

    private let socket: WireSocket
    private var bytes: [UInt8] = []
    private var position = 0

    init(_ socket: WireSocket) {
        self.socket = socket
    }

    /// The next message; `nil` at the end.
    mutating func next(isFirst: Bool = false) -> Message? {
        let header = isFirst ? 4 : 5
        guard fill(header) else { return nil }
        let start = position
        let size = bytes[(start + header - 4)..<(start + header)].reduce(0) { $0 << 8 | Int($1) }
        let whole = header - 4 + size
        guard fill(whole) else { return nil }
        position += whole
        return Message(kind: isFirst ? 0 : bytes[start], bytes: bytes[start..<position])
    }

    /// What has come and is no whole message, up to the end.
    mutating func rest() -> ArraySlice<UInt8> {
        while socket.read(into: &bytes) {}
        return bytes[position...]
    }

    private mutating func fill(_ count: Int) -> Bool {
        if position == bytes.count {
            bytes.removeAll(keepingCapacity: true)
            position = 0
        }
        while bytes.count - position < count {
            guard socket.read(into: &bytes) else { return false }
        }
        return true
    }
}
