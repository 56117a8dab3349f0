import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Refunds recomputed from exports.
struct RefundAuditTests: RefundScene {
    @Test func `refunds on every ground of one charge are recomputed by an audit, over three epochs`() async throws {
        try await ServiceFixture.run { fixture in
            try await playManyGrounds(fixture)

            let audits = try await audit(fixture)
            #expect(audits.map(\.epoch) == [1, 2, 3])
            let flows = audits.map(\.audit.replay.flows)
            // Six messages stored for a third of a day, rounded down for each channel.
            #expect(flows[0].repaid == Amount(6 * (perDay * 333_333_333 / 1_000_000_000)))
            // Five days of the second charge, without what the outage gave of them.
            #expect(flows[1].repaid == Amount(5 * perDay - perDay * 333_333_333 / 1_000_000_000))
            // Of a tenth of the stake, each part of the loss rounded down.
            #expect(flows.map(\.fromStakes) == [.zero, 99, .zero])
            #expect(audits.map(\.audit.result.refunds) == flows.map(\.repaid))
            try await checkBooks(fixture)
        }
    }

    @Test func `an audit refuses a refund that is a unit off, and a debt that was paid otherwise`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, _) = try await pay(envelope, fixture)
            _ = try await pay(fixture.envelope("b", topic: topic), fixture, by: other)
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            _ = try await declare(
                UTCDay(containing: ServiceFixture.start + UTCDay.seconds), parts: 500_000_000, by: 1...3, fixture)
            _ = try await fixture.service.delete(deletion(envelope, fixture), charge: charge)
            try await fixture.advance(to: edge)
            let (opening, held, leaves) = try await fixture.service.read {
                let inputs = try await EpochInputs($0, epoch: 1)
                return (try await inputs.opening(), try await inputs.held(), try await inputs.leaves())
            }
            func difference(_ change: (LogLeaf) throws -> LogLeaf) throws -> String? {
                var replay = try EpochReplay(opening, refunded: NamedCharges(leaves).refunded)
                do {
                    for charge in held { try replay.open(charge) }
                    for leaf in leaves { try replay.apply(try change(leaf)) }
                    return nil
                } catch let difference as AuditDifference {
                    return difference.what
                }
            }
            func changed(_ leaf: LogLeaf, _ body: [UInt8]) -> LogLeaf {
                LogLeaf(index: leaf.index, time: leaf.time, kind: leaf.kind, body: body)
            }
            #expect(try difference { $0 } == nil)
            let deleted = try difference { leaf in
                guard leaf.kind == .refund else { return leaf }
                let refund = try RefundedCharge(canonicalBytes: leaf.body)
                var decision = refund.decision
                decision.held.storage = Amount(decision.held.storage.units + 1)
                return changed(
                    leaf,
                    RefundedCharge(charge: refund.charge, decision: decision, evidence: refund.evidence)
                        .canonicalBytes)
            }
            #expect(deleted == "held part of charge 1 that goes back")
            let declared = try difference { leaf in
                guard leaf.kind == .outage else { return leaf }
                let outage = try LoggedOutage(canonicalBytes: leaf.body)
                return changed(
                    leaf,
                    LoggedOutage(declared: outage.declared, total: Amount(outage.total.units + 1)).canonicalBytes)
            }
            #expect(declared == "total")
            let repaid = try difference { leaf in
                guard leaf.kind == .repayment else { return leaf }
                let repayment = try Repayment(canonicalBytes: leaf.body)
                return changed(
                    leaf,
                    Repayment(
                        epoch: 1, owed: Amount(repayment.owed.units + 1), paid: repayment.paid
                    ).canonicalBytes)
            }
            #expect(repaid == "owed")
        }
    }
}
