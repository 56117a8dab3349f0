import Channels
import Ledger
import Primitives
import Rewards
import Storage

/// Refunds that anybody may ask for, since the log alone shows them: too high a price, and a second charge.
extension FeeService {
    /// Compares a charge with the log's schedule and gives back what is too much.
    func refundOvercharge(of number: UInt64) async throws -> RefundDecision {
        let state = state
        _ = try await read { try await Self.overcharge(of: number, $0, state) }
        return try await write { session in
            let (refund, excess) = try await Self.overcharge(of: number, session.transaction, session.state)
            return try await settle(
                .overcharged(excess), of: refund, evidence: [],
                entry: EntryDraft(.refund, reference: "overcharge:\(number)"),
                draft: { decision in
                    LeafDraft(
                        .refund,
                        RefundedCharge(charge: number, decision: decision, evidence: .zero).canonicalBytes)
                }, &session)
        }
    }

    private static func overcharge(
        of number: UInt64, _ transaction: Transaction, _ state: LogState
    ) async throws -> (refund: RefundCase, excess: Excess) {
        let refund = try await RefundCase(number, transaction, unknown: "overcharge/unknown-charge")
        try checkTwoEpochs(refund.charge, state, ground: "overcharge")
        let decided = Refusal(409, "overcharge/decided", "What was too much of charge \(number) went back before.")
        guard try await !RefundStore(transaction).isDecided(number, on: .overcharged) else { throw decided }
        let leaf = try await LogStore(transaction).leaves(at: [refund.charge.logIndex])[refund.charge.logIndex]
        guard let leaf, let charge = try leaf.charge(), leaf.kind == .charge else {
            throw Refusal(
                422, "overcharge/restored",
                "Charge \(number) was restored after a loss: it costs what its receipt says.")
        }
        guard let schedule = state.schedules.last(where: { $0.effectiveFrom <= leaf.time }) else {
            throw StorageCorruption("no schedule was in force at \(leaf.time)")
        }
        let floor = state.keys.rollbacks.last { $0.index < leaf.index }?.rollback.lastCharge ?? 0
        let counts = try await ChargeStore(transaction)
            .rate(at: leaf.time, through: number - 1, after: floor).counts(at: leaf.time)
        guard let excess = try Excess(of: charge, at: leaf.time, under: schedule, counts: counts) else {
            throw Refusal(
                422, "overcharge/none",
                "Charge \(number) costs what schedule \(schedule.version) says; nothing is too much.")
        }
        // Where other grounds gave all of it back, nothing is left that a leaf could say.
        var standing = try refund.charge.history.standing(after: state.lastMidnight)
        guard try standing.settle(.overcharged(excess)).total() > .zero else { throw decided }
        return (refund, excess)
    }

    /// Takes it that an earlier charge paid for a charge's envelope: decided at the delivery cut of the later one, or now
    /// where that is over.
    ///
    /// - Returns: what goes back, `nil` where the cut will decide.
    func refundDouble(_ pair: DoubleCharge) async throws -> RefundDecision? {
        let state = state
        _ = try await read { try await Self.double(pair, $0, state) }
        return try await write { session in
            let refund = try await Self.double(pair, session.transaction, session.state)
            guard refund.charge.cutIndex != nil else {
                try await RefundStore(session.transaction).keep(double: pair.charge, first: pair.first)
                return nil
            }
            let evidence = pair.canonicalBytes
            let index = session.nextIndex
            let decision = try await settle(
                .chargedTwice, of: refund, evidence: evidence,
                entry: EntryDraft(.refund, reference: "double-charge:\(pair.charge)"),
                draft: { decision in
                    LeafDraft(
                        .refund,
                        RefundedCharge(
                            charge: pair.charge, decision: decision, evidence: SHA256.hash(evidence)
                        ).canonicalBytes)
                }, &session)
            try await HoldStore(session.transaction).void([(pair.charge, index)])
            return decision
        }
    }

    private static func double(
        _ pair: DoubleCharge, _ transaction: Transaction, _ state: LogState
    ) async throws -> RefundCase {
        let refund = try await RefundCase(pair.charge, transaction, unknown: "double/unknown-charge")
        let first = try await RefundCase(pair.first, transaction, unknown: "double/unknown-charge")
        guard refund.charge.envelopeHash == first.charge.envelopeHash else {
            throw Refusal(
                422, "double/other-envelope",
                "Charges \(pair.first) and \(pair.charge) paid for different envelopes.")
        }
        try checkTwoEpochs(refund.charge, state, ground: "double")
        guard !refund.charge.isVoid else {
            throw Refusal(409, "double/decided", "Charge \(pair.charge) went back before.")
        }
        guard !first.charge.isVoid else {
            throw Refusal(
                422, "double/first-void",
                "Charge \(pair.first) went back: charge \(pair.charge) is the one that paid.")
        }
        guard refund.charge.cutIndex != nil else { return refund }
        let isListed = try await isListed(refund.charge, transaction, state)
        let firstIsListed = try await self.isListed(first.charge, transaction, state)
        guard DeliveryCut.isDouble(isListed: isListed, first: .standing(isListed: firstIsListed)) else {
            throw Refusal(
                422, "double/published",
                "Only charge \(pair.charge) was published: its event is the message, and it stays paid.")
        }
        return refund
    }

    private static func isListed(
        _ charge: StoredHistory, _ transaction: Transaction, _ state: LogState
    ) async throws -> Bool {
        let members = Set(
            try await NodeStore(transaction).snapshot(of: charge.epoch, state.genesis.epochs).map(\.node))
        return try await EpochStore(transaction).deliveries(of: charge.epoch)
            .contains { members.contains($0.node) && $0.charges.contains(charge.history.number) }
    }

    private static func checkTwoEpochs(_ charge: StoredHistory, _ state: LogState, ground: String) throws {
        guard state.openEpoch <= charge.epoch + 2 else {
            throw Refusal(
                409, "\(ground)/late",
                "Charge \(charge.history.number) is of epoch \(charge.epoch): it could be shown until the end of epoch "
                    + "\(charge.epoch + 2).")
        }
    }
}
