import Channels
import Primitives
import Storage

/// Evidence that is kept until the delivery cut decides on it.
extension FeeService {
    /// Keeps a node's acknowledgement as evidence for the ground "undelivered".
    func keep(_ acknowledgement: Acknowledgement, signature: Signature) async throws {
        // Before the writer's turn, which strangers must not take: a node's key never changes.
        try await check(
            node: acknowledgement.node, digest: domain.digest(of: acknowledgement.statement), signature,
            ground: "undelivered", what: "acknowledgement")
        try await write { session in
            try await Self.checkHeld(
                acknowledgement.charge, acknowledgement.envelopeHash, ground: "undelivered", session)
            _ = try await RefundStore(session.transaction).keep(acknowledgement: acknowledgement, signature: signature)
        }
    }

    /// Keeps a node's refusal as evidence for the ground "refused".
    func keep(_ refusal: NodeRefusal, signature: Signature) async throws {
        try await check(
            node: refusal.node, digest: domain.digest(of: refusal.statement), signature, ground: "refused",
            what: "refusal")
        let epochs = genesis.epochs
        try await write { session in
            try await Self.checkHeld(refusal.charge, refusal.envelopeHash, ground: "refused", session)
            guard let charge = try await HistoryStore(session.transaction).history(of: refusal.charge) else {
                throw Refusal(404, "refused/unknown-charge", "There is no charge \(refusal.charge).")
            }
            let due = epochs.refusalDue(acceptedAt: charge.history.acceptedAt)
            guard session.state.time < due else {
                throw Refusal(409, "refused/late", "A refusal of charge \(refusal.charge) could be shown until \(due).")
            }
            _ = try await RefundStore(session.transaction).keep(refusal: refusal, signature: signature)
        }
    }

    private func check(
        node number: UInt32, digest: Bytes32, _ signature: Signature, ground: String, what: String
    ) async throws {
        guard let node = try await nodes().first(where: { $0.node.number == number })?.node,
            signature.isBy(node.registration.nodeKey, over: digest)
        else {
            throw Refusal(401, "\(ground)/signature", "No registered node signed this \(what).")
        }
    }

    private static func checkHeld(
        _ charge: UInt64, _ envelope: Bytes32, ground: String, _ session: LogSession
    ) async throws {
        let store = ChargeStore(session.transaction)
        guard try await store.envelope(of: charge) == envelope else {
            throw Refusal(404, "\(ground)/unknown-charge", "Charge \(charge) did not pay for this envelope.")
        }
        guard try await store.isBaseHeld(charge) else {
            throw Refusal(409, "\(ground)/late", "The delivery cut of this charge is over.")
        }
    }
}
