import Channels
import Ledger
import Primitives
import Storage

extension FeeService {
    /// Takes a recipient's welcome: the postage goes back to the channel that paid it.
    func welcome(_ welcome: Welcome, charge number: UInt64) async throws -> Amount {
        let (domain, now) = (domain, clock.now)
        // Before the writer's turn, which what moves nothing must not take.
        _ = try await read { try await Self.decide(welcome, charge: number, $0, domain, now: now) }
        return try await write { session in
            let (amount, charge, channel) = try await Self.decide(
                welcome, charge: number, session.transaction, domain, now: session.state.time)
            try await Self.giveBackPostage(of: charge, channel: channel, amount, welcome, &session)
            channels.forget([channel.id])
            return amount
        }
    }

    private static func decide(
        _ welcome: Welcome, charge number: UInt64, _ transaction: Transaction, _ domain: EIP712Domain, now: UInt64
    ) async throws -> (amount: Amount, charge: HeldCharge, channel: ChannelState) {
        let store = ChargeStore(transaction)
        guard let charge = try await store.charge(number), try await store.envelope(of: number) == welcome.head.hash
        else {
            throw Refusal(404, "welcome/unknown-charge", "Charge \(number) did not pay for this envelope.")
        }
        let channels = ChannelStore(transaction)
        guard let channel = try await channels.channel(charge.channelID) else {
            throw StorageCorruption("charge \(number) has no channel")
        }
        let signers = try await channels.everDelegated(channel.number).union([channel.state.signer])
        do throws(WelcomeRefusal) {
            let amount = try welcome.decide(
                Welcome.Charged(
                    payer: channel.state.payer, signers: signers,
                    held: charge.isPostageDecided ? nil : charge.heldPostage ?? .zero, due: charge.postageDue ?? 0),
                domain: domain, now: now)
            return (amount, charge, channel.state)
        } catch {
            throw Refusal(error == .decided ? 409 : 422, error.code, error.detail)
        }
    }

    private static func giveBackPostage(
        of charge: HeldCharge, channel: ChannelState, _ amount: Amount, _ welcome: Welcome,
        _ session: inout LogSession
    ) async throws {
        let decision = PostageDecision(
            charge: charge.number, outcome: .welcomed, amount: amount, evidence: welcome.hash)
        let leaf = session.append(LeafDraft(.postage, decision.canonicalBytes))
        try await session.writeLeaves()
        var entry = EntryDraft(.postage, reference: "welcome:\(charge.number)")
        switch channel.refundCredit {
        case .channel:
            try entry.move(amount, from: .held(.postage), to: .channels)
            try await ChannelStore(session.transaction).credit(refunds: [channel.id: amount])
        case .payable: try entry.move(amount, from: .held(.postage), to: .payable(channel.payer))
        }
        try session.post(entry)
        try await HoldStore(session.transaction).decidePostage([(charge.number, leaf.index)])
        try await RefundStore(session.transaction).keep([
            RefundRecord(
                charge: charge.number, part: "postage", ground: .welcomed, amount: amount,
                evidence: welcome.canonicalBytes, logIndex: leaf.index, epoch: session.state.openEpoch)
        ])
        try await EpochStore(session.transaction).add(to: session.state.openEpoch, refunded: amount)
    }

    /// Keeps a node's acknowledgement as evidence for the ground "undelivered"; the delivery cut decides on it.
    func keep(_ acknowledgement: Acknowledgement, signature: Signature) async throws {
        // Before the writer's turn, which strangers must not take: a node's key never changes.
        guard let node = try await nodes().first(where: { $0.node.number == acknowledgement.node })?.node,
            signature.isBy(node.registration.nodeKey, over: domain.digest(of: acknowledgement.statement))
        else {
            throw Refusal(401, "undelivered/signature", "No registered node signed this acknowledgement.")
        }
        try await write { session in
            let store = ChargeStore(session.transaction)
            guard try await store.envelope(of: acknowledgement.charge) == acknowledgement.envelopeHash else {
                throw Refusal(
                    404, "undelivered/unknown-charge", "Charge \(acknowledgement.charge) did not pay for this envelope."
                )
            }
            guard try await store.isBaseHeld(acknowledgement.charge) else {
                throw Refusal(409, "undelivered/late", "The delivery cut of this charge is over.")
            }
            _ = try await RefundStore(session.transaction).keep(acknowledgement: acknowledgement, signature: signature)
        }
    }
}
