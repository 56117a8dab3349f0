import Channels
import Primitives
import Synchronization

/// The registered nodes as this node has seen them.
final class Registry: Sendable {
    private let nodes = Mutex<[UInt32: RegisteredNode]>([:])

    /// Takes the place of everything before.
    func replace(with list: [RegisteredNode]) {
        let table = Dictionary(list.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        nodes.withLock { $0 = table }
    }

    /// The key of a node.
    func key(of number: UInt32) -> Address? { nodes.withLock { $0[number]?.registration.nodeKey } }

    /// Where a node is reached.
    func endpoint(of number: UInt32) -> String? { nodes.withLock { $0[number]?.registration.peerEndpoint } }

    /// Where clients reach a node.
    func httpEndpoint(of number: UInt32) -> String? { nodes.withLock { $0[number]?.registration.httpEndpoint } }

    /// All numbers, ascending.
    var numbers: [UInt32] { nodes.withLock { $0.keys.sorted() } }

    /// All nodes, ascending by number.
    var all: [RegisteredNode] { nodes.withLock { $0.values.sorted { $0.number < $1.number } } }

    /// Splits `host:port`; the last colon counts, so that an IPv6 address may stand before it.
    static func split(endpoint: String) -> (host: String, port: Int)? {
        guard let colon = endpoint.lastIndex(of: ":"), let port = Int(endpoint[endpoint.index(after: colon)...]),
            (1...65_535).contains(port)
        else { return nil }
        var host = endpoint[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        return host.isEmpty ? nil : (String(host), port)
    }
}
