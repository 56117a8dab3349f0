import Channels
import Hummingbird
import Payer
import Primitives
import Rewards
import Storage

/// `POST /v1/settlement/grants`.
struct GrantBody: Codable, Sendable {
    let amount: Amount
    let reference: Bytes32
    let signature: Signature
}

/// `POST /v1/equivocations`.
struct EvidenceBody: Codable, Sendable {
    let evidence: HexBytes
}

/// `GET /v1/equivocations`.
struct EquivocationsBody: Codable, Sendable {
    struct Proof: Codable, Sendable {
        let logIndex: UInt64
        @Count32 var node: UInt32
        let epoch: UInt64
        let `operator`: Address
        let evidence: HexBytes
    }

    let equivocations: [Proof]
}

/// The answer to a proof of equivocation.
struct EvidenceTakenBody: Codable, Sendable {
    let new: Bool
}

extension ServiceRoutes {
    func addRewards(to router: Router<BasicRequestContext>) {
        router.post("/v1/settlement/grants") { request, _ in
            let body = try await HTTPBody.json(GrantBody.self, of: request)
            try await service.credit(
                Grant(amount: body.amount, reference: body.reference), signature: body.signature)
            return try Response.json(["reference": body.reference.hex])
        }
        router.get("/v1/epochs/:epoch/explanations/:operator") { _, context in
            let number = try Self.epoch(context)
            guard let address = Address(hex: try context.parameters.require("operator")) else {
                throw Refusal(400, "request/path", "An operator is 0x and 40 lower-case hex digits.")
            }
            return try Response.json(
                try await service.read { try await ExplainSource.explain(address, epoch: number, $0) })
        }
        router.get("/v1/equivocations") { _, _ in
            let proofs = try await service.read { try await EquivocationStore($0).all() }
            return try Response.json(
                EquivocationsBody(
                    equivocations: proofs.map {
                        EquivocationsBody.Proof(
                            logIndex: $0.logIndex, node: $0.node, epoch: $0.evidence.epoch,
                            operator: $0.evidence.operatorAddress, evidence: HexBytes($0.evidence.canonicalBytes))
                    }))
        }
        router.post("/v1/equivocations") { request, _ in
            let body = try await HTTPBody.json(EvidenceBody.self, of: request)
            let evidence = try Self.canonical { () throws(CanonicalError) in
                try Equivocation(canonicalBytes: body.evidence.bytes)
            }
            return try Response.json(EvidenceTakenBody(new: try await service.take(evidence)))
        }
    }
}
