import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Refunds of too high a price, and what a payer is told.
struct PriceRefundTests: RefundScene {
    @Test func `what is above the log's schedule goes back, from the hold while it is held`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(1)
            let dear = try await fixture.withSchedule(base: 40_000_000, storagePerByteDay: 23)
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, channel) = try await pay(envelope, dear)
            let mended = try await dear.withSchedule(base: 38_500_000, storagePerByteDay: 22)
            try await mended.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            let before = try await mended.available(channel)
            let decision = try await mended.service.refundOvercharge(of: charge)
            #expect(decision.held == RefundParts(base: 1_500_000, storage: Amount(58 * 1_024)))
            #expect(decision.owed == RefundParts(storage: Amount(2 * 1_024)))
            #expect(try await mended.available(channel) == before.adding(Amount(1_500_000 + 58 * 1_024)))
            try await checkBooks(mended)
            let again = await mended.code { _ = try await mended.service.refundOvercharge(of: charge) }
            #expect(again == "overcharge/decided")
            try await mended.advance(to: cut)
            _ = try await mended.service.seal(1)
            #expect(try await audit(mended).map(\.audit.replay.flows.repaid) == [Amount(2 * 1_024)])
            #expect(try await mended.available(channel) == before.adding(Amount(1_500_000 + 60 * 1_024)))
            #expect(try await mended.balance(.held(.base)) == .zero)
            try await checkBooks(mended)
            await mended.close()
        }
    }

    @Test func `a charge at the right price gives nothing back`() async throws {
        try await ServiceFixture.run { fixture in
            let (charge, _) = try await pay(fixture.envelope("a", topic: topic), fixture)
            #expect(
                await fixture.code { _ = try await fixture.service.refundOvercharge(of: charge) } == "overcharge/none")
            #expect(
                await fixture.code { _ = try await fixture.service.refundOvercharge(of: 9) }
                    == "overcharge/unknown-charge")
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)
            #expect(
                await fixture.code { _ = try await fixture.service.refundOvercharge(of: charge) } == "overcharge/late")
        }
    }

    @Test func `a payer learns where each unit is, until when, and how each ground stands`() async throws {
        try await ServiceFixture.run { fixture in
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, channel) = try await pay(envelope, fixture, postage: 1_000_000_000)
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelope, fixture), charge: charge)
            let stored = try #require(try await fixture.stored(channel))
            let body = try await fixture.service.standing(of: charge, channel: stored.number)
            let parts = body.parts.map { [$0.paid, $0.held, $0.captured, $0.returned] }
            #expect(
                parts == [
                    [38_500_000, 38_500_000, 0, 0], [0, 0, 0, 0],
                    [Amount(60 * perDay), 0, Amount(2 * perDay), Amount(58 * perDay)],
                    [1_000_000_000, 1_000_000_000, 0, 0],
                ])
            #expect(body.parts.map(\.heldUntil) == [cut, nil, nil, ServiceFixture.start + 259_200])
            #expect(body.refunds.map(\.ground) == ["deleted-early"])
            #expect(
                body.grounds.map(\.state) == [
                    "open", "late", "open", "given", "open", "open", "open", "open",
                ])
            #expect(
                await fixture.code { _ = try await fixture.service.standing(of: charge, channel: 99) }
                    == "charge/unknown")
        }
    }
}
