import Hummingbird
import Payer
import Primitives
import Rewards
import Storage

/// `POST /v1/epochs/{epoch}/attestations`.
struct AttestationBody: Codable, Sendable {
    let `operator`: Address
    let signature: Signature
}

/// The answer to an attestation.
struct AttestedBody: Codable, Sendable {
    let attested: Bool
}

/// `GET /v1/epochs/{epoch}/attestations`: who has signed a sealed result.
struct AttestationsBody: Codable, Sendable {
    struct Signed: Codable, Sendable {
        let `operator`: Address
        let signature: Signature
        let logIndex: UInt64
    }

    let epoch: UInt64
    /// Whether the quorum is reached.
    let attested: Bool
    /// In the order of the log.
    let attestations: [Signed]
}

/// `GET /v1/operators/{operator}/attestations`: what an operator has still to sign.
struct AttestationsDueBody: Codable, Sendable {
    /// The open epoch.
    let open: UInt64
    /// Sealed epochs, ascending.
    let due: [UInt64]
}

extension ServiceRoutes {
    func addAttestations(to router: Router<BasicRequestContext>) {
        router.post("/v1/epochs/:epoch/attestations") { request, context in
            let body = try await HTTPBody.json(AttestationBody.self, of: request)
            let isAttested = try await service.attest(
                epoch: try Self.epoch(context), operatorAddress: body.operator, signature: body.signature)
            return try Response.json(AttestedBody(attested: isAttested))
        }
        router.get("/v1/epochs/:epoch/attestations") { _, context in
            let number = try Self.epoch(context)
            return try Response.json(try await service.read { try await Self.attestations(of: number, $0) })
        }
        router.get("/v1/operators/:operator/attestations") { _, context in
            guard let address = Address(hex: try context.parameters.require("operator")) else {
                throw Refusal(400, "request/path", "An operator is 0x and 40 lower-case hex digits.")
            }
            let (open, due) = try await service.attestationsDue(from: address)
            return try Response.json(AttestationsDueBody(open: open, due: due))
        }
    }

    private static func attestations(of number: UInt64, _ transaction: Transaction) async throws -> AttestationsBody {
        let store = EpochStore(transaction)
        guard let epoch = try await store.epoch(number) else {
            throw Refusal(404, "epoch/unknown", "Epoch \(number) has not begun.")
        }
        guard epoch.result != nil else { throw Refusal(409, "epoch/not-sealed", "Epoch \(number) is not sealed.") }
        return AttestationsBody(
            epoch: number, attested: epoch.attestedAt != nil,
            attestations: try await store.attestations(of: number).map {
                AttestationsBody.Signed(
                    operator: $0.operatorAddress, signature: $0.signature, logIndex: $0.logIndex)
            })
    }
}
