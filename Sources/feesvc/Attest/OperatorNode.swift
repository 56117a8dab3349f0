import Channels
import Payer
import Primitives

/// A node as its operator acts for it.
struct OperatorNode {
    let number: UInt32
    let registration: RegisterNode

    /// The node that a key's owner runs.
    ///
    /// - Parameter number: the node that was meant; `nil` is whichever it is.
    static func run(by key: Address, number: UInt32?, _ service: ServiceConnection) async throws -> OperatorNode {
        let nodes = try await registered(service)
        guard let node = nodes.first(where: { $0.registration.operatorAddress == key }) else {
            let own = nodes.first { $0.registration.nodeKey == key }
            let why = own.map { "it is the key of node \($0.number) itself" } ?? "it runs no node there"
            throw OperatorError(
                "The key \(key) is no operator's at this service: \(why). Name the file with which the node was registered "
                    + "as --operator-key; \(listed(nodes)).")
        }
        guard number == nil || number == node.number else {
            let meant = nodes.first { $0.number == number }.map {
                ", whose operator is \($0.registration.operatorAddress)"
            }
            throw OperatorError(
                "The key \(key) is the operator's of node \(node.number), not of node \(number ?? 0)\(meant ?? ""); name "
                    + "that one's key, or leave --node out.")
        }
        return node
    }

    /// A node by its number.
    static func numbered(_ number: UInt32, _ service: ServiceConnection) async throws -> OperatorNode {
        let nodes = try await registered(service)
        guard let node = nodes.first(where: { $0.number == number }) else {
            throw OperatorError("There is no node \(number) at this service; \(listed(nodes)).")
        }
        return node
    }

    private static func registered(_ service: ServiceConnection) async throws -> [OperatorNode] {
        let body: NodesBody = try await service.client.get("/v1/nodes")
        return try body.registered.map { OperatorNode(number: $0.number, registration: $0.registration) }
    }

    private static func listed(_ nodes: [OperatorNode]) -> String {
        let told = nodes.prefix(8).map { "node \($0.number) is \($0.registration.operatorAddress)'s" }
        let rest = nodes.count > told.count ? ", and \(nodes.count - told.count) more (GET /v1/nodes)" : ""
        return nodes.isEmpty ? "no node is registered" : told.joined(separator: ", ") + rest
    }
}
