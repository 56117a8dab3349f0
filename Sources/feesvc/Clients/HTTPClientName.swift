import Foundation
import NIOCore

/// Who asks over HTTP, as far as a budget cares: an IPv4 address, or the first 64 bits of an IPv6 address, since a network gives
/// whoever asks as many of the rest as they like.
enum HTTPClientName: Hashable, Sendable {
    case four(UInt32)
    case six(UInt64)
    /// A socket without an address, or an address that can't be read.
    case unnamed

    /// Who asks in this task.
    @TaskLocal static var current = HTTPClientName.unnamed

    /// What an IPv4 address begins with on a socket for both families (RFC 4291, section 2.5.5.2).
    private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]

    init(_ address: SocketAddress?) {
        self.init(text: address?.ipAddress ?? "")
    }

    /// Reads an address as people write it.
    init(text: String) {
        let address = String(text.prefix { $0 != "%" })
        if let bytes = Self.bytes(address, AF_INET, count: 4) {
            self = .four(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        } else if let bytes = Self.bytes(address, AF_INET6, count: 16) {
            self =
                bytes.starts(with: Self.mapped)
                ? .four(bytes.suffix(4).reduce(0) { $0 << 8 | UInt32($1) })
                : .six(bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) })
        } else {
            self = .unnamed
        }
    }

    private static func bytes(_ text: String, _ family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, text, &bytes) == 1 ? bytes : nil
    }
}
