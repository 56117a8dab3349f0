#if canImport(Glibc)
import Glibc
#endif

/// A socket that listens on a port of 127.0.0.1 until it goes.
final class ListeningSocket {
    let port: Int
    private let handle: Int32

    init() throws {
        let handle = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(handle, $0, length) == 0 && listen(handle, 8) == 0 && getsockname(handle, $0, &length) == 0
            }
        }
        self.handle = handle
        port = Int(UInt16(bigEndian: address.sin_port))
        guard isListening else {
            close(handle)
            throw Overdue(description: "no socket listens on 127.0.0.1")
        }
    }

    deinit { close(handle) }
}
