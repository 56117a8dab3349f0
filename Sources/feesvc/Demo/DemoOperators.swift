import Channels
import Payer
import Primitives
import Rewards

/// The nodes' operators: each recomputes an epoch's result from its public inputs before it signs, then claims.
struct DemoOperators {
    /// What they did for an epoch.
    struct Outcome {
        var attestations = 0
        var claimed: [UInt32: Amount] = [:]
        /// How many second claims paid anything: none should.
        var paidTwice = 0
    }

    let identities: DemoIdentities
    let service: ServiceConnection
    let nodes: [RegisteredNode]

    func attestAndClaim(_ epoch: UInt64) async throws -> Outcome {
        var outcome = Outcome()
        var results: [EpochResult] = []
        for node in nodes {
            let key = identities.nodeOperator(Int(node.number))
            let result = try await SealedEpoch(epoch, of: service).recomputed().audit.result
            let body = AttestationBody(
                operator: key.address, signature: key.sign(service.domain.digest(of: result.attestation)))
            let _: AttestedBody = try await service.client.post("/v1/epochs/\(epoch)/attestations", body)
            outcome.attestations += 1
            results.append(result)
        }
        for (node, result) in zip(nodes, results) {
            guard let row = result.rows.first(where: { $0.node == node.number }),
                let proof = RewardTree(result.rows)?.proof(of: node.number)
            else { continue }
            let claim = ClaimBody(
                epoch: epoch, node: node.number, payout: row.payout, cumulative: row.cumulative, proof: proof)
            let first: ClaimedBody = try await service.client.post("/v1/claims", claim)
            let second: ClaimedBody = try await service.client.post("/v1/claims", claim)
            outcome.claimed[node.number] = first.paid
            if second.paid > .zero { outcome.paidTwice += 1 }
        }
        return outcome
    }
}
