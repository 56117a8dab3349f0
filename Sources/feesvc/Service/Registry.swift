import Channels
import Ledger
import Primitives
import Rewards
import Storage

extension FeeService {
    /// Puts a node into the registry. Its operator must have deposited the stake; the same registration again is the same
    /// node.
    func register(
        _ registration: RegisterNode, operatorSignature: Signature, nodeSignature: Signature
    ) async throws -> RegisteredNode {
        func node(_ number: Int) -> RegisteredNode {
            RegisteredNode(
                number: UInt32(number), registration: registration, operatorSignature: operatorSignature,
                nodeSignature: nodeSignature)
        }
        // Before the writer's turn, which strangers must not take.
        guard node(0).isSigned(in: domain) else {
            throw Refusal(401, "node/signature", "Operator and node key must both sign the registration.")
        }
        return try await write { session in
            let store = NodeStore(session.transaction)
            let nodes = try await store.all()
            if let known = nodes.first(where: { $0.node.registration == registration }) { return known.node }
            let node = node(nodes.count + 1)
            try Self.check(registration, against: nodes)
            let staked = try await store.balance(of: .stake(registration.operatorAddress))
            guard registration.stake > .zero, registration.stake <= staked else {
                throw Refusal(
                    409, "node/stake",
                    "\(registration.operatorAddress) has staked \(staked); the registration names \(registration.stake)."
                )
            }
            let leaf = session.append(LeafDraft(.node, node.canonicalBytes))
            try await session.writeLeaves()
            try await store.insert(node, at: session.state.time, logIndex: leaf.index)
            return node
        }
    }

    private static func check(_ registration: RegisterNode, against nodes: [StoredNode]) throws(Refusal) {
        let endpoints = [registration.peerEndpoint, registration.httpEndpoint]
        for endpoint in endpoints {
            guard Endpoint(endpoint) != nil else {
                throw Refusal(422, "node/endpoint", "\(endpoint) is not host:port.")
            }
        }
        for known in nodes.map(\.node.registration) {
            guard known.operatorAddress != registration.operatorAddress else {
                throw Refusal(409, "node/operator", "This operator runs a node already; version 1 has one an operator.")
            }
            guard known.nodeKey != registration.nodeKey else {
                throw Refusal(409, "node/key", "This node key is registered already.")
            }
        }
    }

    /// The open epoch's snapshot, ascending by number, and that epoch.
    nonisolated func members() async throws -> (members: [UInt32], epoch: UInt64) {
        try await read { transaction in
            guard let state = try await LogStore(transaction).state() else { return ([], 0) }
            let members = try await NodeStore(transaction).snapshot(of: state.openEpoch, state.genesis.epochs)
            return (members.map(\.node), state.openEpoch)
        }
    }

    /// The registry.
    nonisolated func nodes() async throws -> [StoredNode] {
        try await read { try await NodeStore($0).all() }
    }
}

/// `host:port`.
struct Endpoint: Hashable, CustomStringConvertible {
    let host: String
    let port: Int

    init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port` with a port of 1 … 65535; a host in brackets may hold colons.
    init?(_ text: String) {
        guard text.utf8.count <= RegisteredNode.endpointBytesMax, let colon = text.lastIndex(of: ":"),
            let port = Int(text[text.index(after: colon)...]), (1...65_535).contains(port), colon != text.startIndex,
            !text[..<colon].contains(where: { $0.isWhitespace || $0 == "/" || $0 == "@" })
        else { return nil }
        host = String(text[..<colon])
        self.port = port
    }

    var description: String { "\(host):\(port)" }
}
