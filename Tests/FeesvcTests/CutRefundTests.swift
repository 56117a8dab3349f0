import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Refunds that the delivery cut decides, or what it left of them.
struct CutRefundTests: RefundScene {
    @Test func `a refused message that no node lists goes back whole; one that was published elsewhere does not`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelopes = [fixture.envelope("a", topic: topic), fixture.envelope("b", topic: topic)]
            let (refused, channel) = try await pay(envelopes[0], fixture, postage: 1_000_000_000)
            let (served, _) = try await pay(envelopes[1], fixture, by: other)
            try await refuse(refused, envelopes[0], node: 1, fixture)
            try await refuse(served, envelopes[1], node: 1, fixture)
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver([served], epoch: 1, node: node) }
            let before = try await fixture.available(channel)
            try await fixture.advance(to: cut)
            // The postage was captured on the third day; four days of storage and the cut's own midnight were as well.
            #expect(try await fixture.available(channel) == before.adding(Amount(38_500_000 + 55 * perDay)))
            let refunds = try await fixture.service.read { try await ReportStore($0).refunds(in: 2) }
            #expect(refunds.map(\.refund.charge) == [refused, refused])
            #expect(Set(refunds.map(\.refund.ground)) == [.refused])
            try await checkBooks(fixture)
        }
    }

    @Test func `a refusal is late two hours after acceptance, and counts only from a registered node`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(1)
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, _) = try await pay(envelope, fixture)
            #expect(await fixture.code { try await refuse(charge, envelope, node: 2, fixture) } == "refused/signature")
            let wrong = fixture.envelope("b", topic: topic)
            #expect(
                await fixture.code { try await refuse(charge, wrong, node: 1, fixture) } == "refused/unknown-charge")
            try await fixture.advance(to: ServiceFixture.start + 7_199)
            #expect(await fixture.code { try await refuse(charge, envelope, node: 1, fixture) } == nil)
            try await fixture.advance(to: ServiceFixture.start + 7_200)
            #expect(await fixture.code { try await refuse(charge, envelope, node: 1, fixture) } == "refused/late")
            try await fixture.advance(to: cut)
            #expect(await fixture.code { try await refuse(charge, envelope, node: 1, fixture) } == "refused/late")
        }
    }

    @Test func `of two charges for one envelope the later goes back at the cut, with what was captured of it`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (first, _) = try await pay(envelope, fixture)
            let (second, channel) = try await pay(envelope, fixture, by: other)
            let pair = DoubleCharge(charge: second, first: first)
            #expect(try await fixture.service.refundDouble(pair) == nil)
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver([first, second], epoch: 1, node: node) }
            try await fixture.advance(to: cut)
            // 38,500,000 and 55 days come out of holds at once; five captured days are owed by the pool.
            let charged = Amount(38_500_000 + 60 * perDay)
            #expect(
                try await fixture.available(channel)
                    == Amount(10_000_000_000).subtracting(charged).adding(Amount(38_500_000 + 55 * perDay)))
            try await checkBooks(fixture)
            try await fixture.advance(to: edge + ServiceFixture.epochLength)
            #expect(try await fixture.available(channel) == 10_000_000_000)
            let repaid = try await fixture.service.read { try await EpochStore($0).epoch(2) }?.repaid
            #expect(repaid == Amount(5 * perDay))
            try await checkBooks(fixture)
            let again = await fixture.code { _ = try await fixture.service.refundDouble(pair) }
            #expect(again == "double/decided")
        }
    }

    @Test func `a second charge that is shown after the cut goes back out of the pool, within two epochs`() async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (first, _) = try await pay(envelope, fixture)
            let (second, channel) = try await pay(envelope, fixture, by: other)
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver([first, second], epoch: 1, node: node) }
            try await fixture.advance(to: cut)
            let pair = DoubleCharge(charge: second, first: first)
            let decision = try #require(try await fixture.service.refundDouble(pair))
            #expect(try decision.held.total() == Amount(55 * perDay))
            #expect(try decision.owed.total() == Amount(38_500_000 + 5 * perDay))
            try await fixture.advance(to: edge + ServiceFixture.epochLength)
            #expect(try await fixture.available(channel) == 10_000_000_000)
            try await checkBooks(fixture)
        }
    }

    @Test func `what is no double charge is refused`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (first, _) = try await pay(envelope, fixture)
            let (second, _) = try await pay(envelope, fixture, by: other)
            let (third, _) = try await pay(
                fixture.envelope("b", topic: topic), fixture, by: SecretKey(seed: 1, label: "third"))
            func code(_ charge: UInt64, _ first: UInt64) async -> String? {
                await fixture.code {
                    _ = try await fixture.service.refundDouble(DoubleCharge(charge: charge, first: first))
                }
            }
            #expect(await code(third, first) == "double/other-envelope")
            #expect(await code(9, first) == "double/unknown-charge")
            try await fixture.advance(to: edge)
            // Only the second was published: its event is the message.
            for node in 1...3 { try await fixture.deliver([second], epoch: 1, node: node) }
            try await fixture.advance(to: cut)
            #expect(await code(second, first) == "double/published")
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)
            #expect(await code(second, first) == "double/late")
        }
    }

    @Test func `a node that acknowledged a message and lost it makes good what was spent, out of its stake`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, channel) = try await pay(envelope, fixture)
            try await acknowledge(charge, envelope, node: 2, fixture)
            try await fixture.advance(to: cut)
            // A tenth of the stake of 1,000 is all that one cut takes.
            let operatorAddress = ServiceFixture.operatorKey(2).address
            #expect(try await fixture.balance(.stake(operatorAddress)) == 900)
            let charged = Amount(38_500_000 + 60 * perDay)
            #expect(
                try await fixture.available(channel)
                    == Amount(10_000_000_000).subtracting(charged).adding(Amount(38_500_000 + 55 * perDay + 100)))
            let nodes = try await fixture.service.read { try await NodeStore($0).all() }
            let stakes = try [cut - 1, cut].map { time in try nodes.map { try $0.participant(at: time).stake } }
            #expect(stakes == [[1_000, 1_000, 1_000], [1_000, 900, 1_000]])
            try await checkBooks(fixture)
        }
    }
}
