import Channels
import Payer
import Primitives
import Rewards

/// How much of a snapshot's stake has signed a result, counted from the signatures and not from what the service says.
struct Quorum {
    /// The stake of the epoch's snapshot.
    let stake: Amount
    /// What of it has signed.
    let signed: Amount
    /// Its nodes whose operators have not signed, by number.
    let missing: [UInt32]
    /// Whether the service takes the result as attested. Two epochs later operators of another snapshot may have done it.
    let isReached: Bool
    /// Who signed what was recomputed.
    let signers: Set<Address>

    /// Asks who has signed, and checks each signature against the result that was recomputed.
    init(of audit: EpochAudit, at service: ServiceConnection) async throws {
        let body: AttestationsBody = try await service.client.get("/v1/epochs/\(audit.result.epoch)/attestations")
        let digest = service.domain.digest(of: audit.result.attestation)
        let signers = body.attestations.filter { $0.signature.isBy($0.operator, over: digest) }.map(\.operator)
        try self.init(Set(signers), audit.inputs.snapshot, isReached: body.attested)
    }

    /// The same with one more signature, as the service answered it.
    func with(_ signer: Address, of audit: EpochAudit, isReached: Bool) throws -> Quorum {
        try Quorum(signers.union([signer]), audit.inputs.snapshot, isReached: isReached)
    }

    private init(_ signers: Set<Address>, _ snapshot: [Participant], isReached: Bool) throws {
        self.signers = signers
        self.isReached = isReached
        stake = try Amount.sum(snapshot.map(\.stake))
        signed = try Amount.sum(snapshot.filter { signers.contains($0.operatorAddress) }.map(\.stake))
        missing = snapshot.filter { !signers.contains($0.operatorAddress) }.map(\.node)
    }

    /// What is there and what is missing, for a person.
    func text(_ currency: Currency) -> String {
        let there = "Operators with \(currency.both(signed)) of a stake of \(currency.both(stake)) have signed"
        guard !isReached else { return there + ", the result is attested" }
        let nodes = missing.prefix(20).map(String.init).joined(separator: ", ") + (missing.count > 20 ? " …" : "")
        let whose = missing.count == 1 ? "node \(nodes)" : "nodes \(nodes)"
        return there + ", more than two thirds are needed; not yet those of \(whose)"
    }
}
