import Channels
import Payer
import Primitives
import Rewards

/// An operator's attestation of what it recomputed itself.
struct ResultAttestation {
    /// What became of an epoch.
    struct Outcome: Codable {
        let epoch: UInt64
        let node: UInt32
        /// The result's hash, as it was signed.
        let result: Bytes32
        let root: Bytes32
        let pool: Amount
        let rewards: Amount
        let dust: Amount
        /// The first of the epochs that were recomputed one after the other up to this one.
        let since: UInt64
        /// What the operator's node earned; `nil` where it is not in the epoch's snapshot.
        let reward: Amount?
        /// The operator's signature was in the log before: sending it again changed nothing.
        let signedBefore: Bool
        /// Whether the quorum is reached.
        let attested: Bool
        let stakeSigned: Amount
        let stake: Amount
    }

    let service: ServiceConnection
    let key: SecretKey
    let node: OperatorNode
    let record: SignedResults

    /// Sealed epochs that the operator has not signed and whose attestation still counts, ascending.
    func due() async throws -> [UInt64] {
        let body: AttestationsDueBody = try await service.client.get(
            "/v1/operators/\(key.address.hex)/attestations")
        return body.due
    }

    /// Recomputes an epoch after those of `chain`, and signs its result where that is what the service sealed.
    func attest(_ epoch: UInt64, in chain: inout EpochChain) async throws -> (outcome: Outcome, quorum: Quorum) {
        let audit = try await chain.recompute(try await SealedEpoch(epoch, of: service))
        let result = audit.result
        try await checkMembership(audit)
        let before = try await Quorum(of: audit, at: service)
        try record.note(epoch: epoch, result: result.hash)
        let body = AttestationBody(
            operator: key.address, signature: key.sign(service.domain.digest(of: result.attestation)))
        let answer: AttestedBody = try await service.client.post("/v1/epochs/\(epoch)/attestations", body)
        let quorum = try before.with(key.address, of: audit, isReached: answer.attested)
        let outcome = Outcome(
            epoch: epoch, node: node.number, result: result.hash, root: result.root, pool: result.pool,
            rewards: result.rewards, dust: result.dust, since: chain.first,
            reward: result.rows.first { $0.node == node.number }?.reward,
            signedBefore: before.signers.contains(key.address), attested: quorum.isReached, stakeSigned: quorum.signed,
            stake: quorum.stake)
        return (outcome, quorum)
    }

    /// Operators of the epoch's snapshot attest it; two epochs later those of the open one may as well.
    private func checkMembership(_ audit: EpochAudit) async throws {
        let epoch = audit.result.epoch
        guard !audit.inputs.snapshot.contains(where: { $0.operatorAddress == key.address }) else { return }
        let open = try await service.openEpoch()
        guard !AttestationQuorum.isLate(epoch, in: open) else { return }
        throw OperatorError(
            "Node \(node.number) is not in the snapshot of epoch \(epoch): it was registered after the epoch began, or had "
                + "been silent for two epochs. Its operator can't attest that epoch; leave --epoch out for those that it "
                + "can.")
    }
}

extension ServiceConnection {
    /// The open epoch, by a signed head.
    func openEpoch() async throws -> UInt64 {
        let body: HeadBody = try await client.get("/v1/head")
        let head = try body.signed
        try await check(head)
        return head.head.epoch
    }
}

extension ResultAttestation.Outcome {
    /// A line for a person.
    func text(_ quorum: Quorum, _ currency: Currency) -> String {
        let signed = signedBefore ? "signed before, sent again: that changes nothing" : "signed"
        let basis =
            since == 1
            ? "recomputed from the beginning" : "recomputed from the state before epoch \(since) as the service has it"
        let own = reward.map { ", of the rewards \($0) are node \(node)'s" } ?? ""
        return "epoch \(epoch): pool \(pool) = rewards \(rewards) + dust \(dust)\(own), root \(root): agrees, "
            + "\(basis); \(signed). \(quorum.text(currency))."
    }
}
