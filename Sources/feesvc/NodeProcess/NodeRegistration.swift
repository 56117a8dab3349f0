import Channels
import Payer
import Primitives

/// Registers a node: operator and node key sign the same statement, and the service answers with the node's number.
struct NodeRegistration {
    let service: ServiceConnection
    let operatorKey: SecretKey
    let nodeKey: SecretKey

    func register(payout: Address, stake: Amount, peer: Endpoint, http: Endpoint) async throws -> RegisteredNode {
        let registration = RegisterNode(
            operatorAddress: operatorKey.address, nodeKey: nodeKey.address, payout: payout, stake: stake,
            peerEndpoint: peer.description, httpEndpoint: http.description)
        let digest = service.domain.digest(of: registration)
        let answer: NodesBody.Node = try await service.client.post(
            "/v1/nodes",
            RegisterNodeBody(
                registration, operatorSignature: operatorKey.sign(digest), nodeSignature: nodeKey.sign(digest)))
        return try RegisteredNode(canonicalBytes: answer.node.bytes)
    }
}
