import Channels
import Payer
import Primitives
import Rewards

/// The claim of a node's rewards by a proof from the result that was recomputed here.
struct RewardPayment {
    /// What a claim brought.
    struct Outcome: Codable {
        let epoch: UInt64
        let node: UInt32
        /// What was paid now.
        let paid: Amount
        /// The account that it went to.
        let payout: Address
        /// All that the node had earned up to the epoch: what was paid by this claim and before it.
        let cumulative: Amount
        let root: Bytes32
    }

    let service: ServiceConnection
    let node: UInt32
    /// The epoch from which all are recomputed; `nil` is only the one that is claimed.
    let since: UInt64?

    /// The newest attested epoch with a reward row of the node: its proof pays all that is due.
    func newestEpoch() async throws -> SealedEpoch {
        let open = try await service.openEpoch()
        var newestSealed: SealedEpoch?
        var epoch = open
        while epoch > 1 {
            epoch -= 1
            let body: EpochBody = try await service.client.get("/v1/epochs/\(epoch)")
            guard body.result != nil else { continue }
            let sealed = try await SealedEpoch(epoch, of: service)
            guard sealed.shown.rows.contains(where: { $0.node == node }) else { continue }
            if sealed.isAttested { return sealed }
            newestSealed = newestSealed ?? sealed
        }
        if let newestSealed { return newestSealed }
        let edge = ChannelOutput.moment(service.genesis.epochs.edge(of: open))
        throw OperatorError(
            "There is nothing to claim for node \(node) yet: no sealed epoch has it in its snapshot. Epoch \(open) is open until "
                + "\(edge); try again after that, once it is sealed and attested.")
    }

    /// Recomputes an epoch and claims what its result gives the node above what was claimed before.
    func claim(_ epoch: SealedEpoch) async throws -> Outcome {
        var chain = EpochChain(service, since: since)
        let audit = try await chain.recompute(epoch)
        let result = audit.result
        guard let row = result.rows.first(where: { $0.node == node }),
            let proof = RewardTree(result.rows)?.proof(of: node)
        else {
            throw OperatorError(
                "Node \(node) is not in the snapshot of epoch \(result.epoch): it was registered after the epoch began, or had "
                    + "been silent for two epochs. What it earned before is paid by any later epoch that has it; leave "
                    + "--epoch out.")
        }
        guard epoch.isAttested else { throw try await missing(audit) }
        let body = ClaimBody(
            epoch: result.epoch, node: node, payout: row.payout, cumulative: row.cumulative, proof: proof)
        let answer: ClaimedBody = try await service.client.post("/v1/claims", body)
        return Outcome(
            epoch: result.epoch, node: node, paid: answer.paid, payout: row.payout, cumulative: row.cumulative,
            root: result.root)
    }

    private func missing(_ audit: EpochAudit) async throws -> OperatorError {
        let quorum = try await Quorum(of: audit, at: service)
        let own = quorum.missing.contains(node) ? "Run feesvc node attest for your own; claim again" : "Claim again"
        return OperatorError(
            "Nothing was claimed: epoch \(audit.result.epoch) is sealed and not attested. "
                + "\(quorum.text(Currency(service.genesis))). \(own) once they have signed (state attested in GET "
                + "/v1/epochs/\(audit.result.epoch)).")
    }
}

extension RewardPayment.Outcome {
    /// Lines for a person.
    func print(_ currency: Currency) {
        let nothing = paid == .zero ? ", all of it was claimed before" : ""
        ChannelOutput.lines([
            ("epoch", "\(epoch), root \(root): agrees"), ("node", "\(node)"),
            ("paid", currency.both(paid) + nothing), ("to", payout.checksummed),
            ("cumulative", currency.both(cumulative)),
        ])
    }
}
