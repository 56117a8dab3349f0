import Channels
import Ledger
import Primitives
import Storage

/// A charge that a refund is asked for, with the channel that paid it.
struct RefundCase: Sendable {
    let charge: StoredHistory
    let channel: StoredChannel

    init(_ number: UInt64, _ transaction: Transaction, unknown code: String) async throws {
        guard let charge = try await HistoryStore(transaction).history(of: number) else {
            throw Refusal(404, code, "There is no charge \(number).")
        }
        guard let channel = try await ChannelStore(transaction).channel(charge.channelID) else {
            throw StorageCorruption("charge \(number) has no channel")
        }
        self.charge = charge
        self.channel = channel
    }

    /// The channel's payer and everybody who signs or ever signed for it.
    func ownKeys(_ transaction: Transaction) async throws -> (payer: Address, signers: Set<Address>) {
        let delegated = try await ChannelStore(transaction).everDelegated(channel.number)
        return (channel.state.payer, delegated.union([channel.state.signer]))
    }
}

extension FeeService {
    /// Logs and posts one claim on one charge, by the leaf that `draft` makes of the decision.
    func settle(
        _ claim: RefundClaim, of refund: RefundCase, evidence: [UInt8], entry: EntryDraft,
        draft: (RefundDecision) -> LeafDraft, _ session: inout LogSession
    ) async throws -> RefundDecision {
        let before = try refund.charge.history.standing(after: session.state.lastMidnight)
        var after = before
        let decision = try after.settle(claim)
        var settlement = RefundSettlement(entry, channels: [refund.charge.channelID: refund.channel])
        let leaf = session.append(draft(decision))
        try settlement.add(
            decision, of: refund.charge, before: before, evidence: evidence, index: leaf.index, session: session)
        try session.post(settlement.entry)
        try await settlement.write(&session)
        channels.forget([refund.charge.channelID])
        return decision
    }

    /// Takes a recipient's welcome: the postage goes back to the channel that paid it.
    func welcome(_ welcome: Welcome, charge number: UInt64) async throws -> Amount {
        let (domain, now) = (domain, clock.now)
        // Before the writer's turn, which what moves nothing must not take.
        _ = try await read { try await Self.decide(welcome, charge: number, $0, domain, now: now) }
        return try await write { session in
            let refund = try await Self.decide(
                welcome, charge: number, session.transaction, domain, now: session.state.time)
            let decision = try await settle(
                .welcomed, of: refund, evidence: welcome.canonicalBytes,
                entry: EntryDraft(.postage, reference: "welcome:\(number)"),
                draft: { decision in
                    LeafDraft(
                        .postage,
                        PostageDecision(
                            charge: number, outcome: .welcomed, amount: decision.held.postage, evidence: welcome.hash
                        ).canonicalBytes)
                }, &session)
            return decision.held.postage
        }
    }

    private static func decide(
        _ welcome: Welcome, charge number: UInt64, _ transaction: Transaction, _ domain: EIP712Domain, now: UInt64
    ) async throws -> RefundCase {
        let refund = try await RefundCase(number, transaction, unknown: "welcome/unknown-charge")
        guard refund.charge.envelopeHash == welcome.head.hash else {
            throw Refusal(404, "welcome/unknown-charge", "Charge \(number) did not pay for this envelope.")
        }
        let (payer, signers) = try await refund.ownKeys(transaction)
        let history = refund.charge.history
        let isDecided = refund.charge.postageDue != nil && !history.isPostageHeld
        let held = try history.standing(after: history.firstDay).postage.held
        do throws(WelcomeRefusal) {
            _ = try welcome.decide(
                Welcome.Charged(
                    payer: payer, signers: signers, held: isDecided ? nil : held, due: refund.charge.postageDue ?? 0),
                domain: domain, now: now)
            return refund
        } catch {
            throw Refusal(error == .decided ? 409 : 422, error.code, error.detail)
        }
    }

    /// Takes an owner's signed deletion: storage of the days to come goes back, and nodes evict the message.
    func delete(_ deletion: Deletion, charge number: UInt64) async throws -> Amount {
        let domain = domain
        let check = { @Sendable (transaction: Transaction, midnight: UTCDay) async throws -> RefundCase in
            let refund = try await RefundCase(number, transaction, unknown: "deletion/unknown-charge")
            guard refund.charge.envelopeHash == deletion.head.hash else {
                throw Refusal(404, "deletion/unknown-charge", "Charge \(number) did not pay for this envelope.")
            }
            do throws(DeletionRefusal) {
                try deletion.check(domain: domain)
                let history = refund.charge.history
                guard !history.releases.contains(where: { !$0.isPrice }), !refund.charge.isVoid else {
                    throw DeletionRefusal.decided
                }
                guard history.expiryDay > max(midnight, history.firstDay) else {
                    throw DeletionRefusal.nothingLeft(expiry: history.expiryDay)
                }
            } catch {
                throw Refusal(error == .decided ? 409 : 422, error.code, error.detail)
            }
            return refund
        }
        let midnight = state.lastMidnight
        _ = try await read { try await check($0, midnight) }
        return try await write { session in
            let refund = try await check(session.transaction, session.state.lastMidnight)
            let decision = try await settle(
                .deletedEarly, of: refund, evidence: deletion.canonicalBytes,
                entry: EntryDraft(.refund, reference: "deletion:\(number)"),
                draft: { decision in
                    LeafDraft(
                        .refund,
                        RefundedCharge(charge: number, decision: decision, evidence: deletion.hash).canonicalBytes)
                }, &session)
            return decision.held.storage
        }
    }
}
