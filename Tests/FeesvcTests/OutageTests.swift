import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Refunds that operators declare, and pools that lack.
struct OutageTests: RefundScene {
    @Test func `an outage gives back its part of a day to every channel that stored, out of the pool, at the edge`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let (_, one) = try await pay(fixture.envelope("a", topic: topic), fixture)
            let envelope = fixture.envelope("b", topic: topic)
            let (deleted, two) = try await pay(envelope, fixture, by: other)
            try await fixture.advance(to: ServiceFixture.start + UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelope, fixture), charge: deleted)
            try await fixture.advance(to: ServiceFixture.start + 3 * UTCDay.seconds)
            let first = UTCDay(containing: ServiceFixture.start + UTCDay.seconds)
            // A quarter of the first day: two messages. All of the second: one.
            #expect(try await declare(first, parts: 250_000_000, by: 1...3, fixture) == Amount(2 * perDay / 4))
            #expect(try await declare(first.next, parts: 1_000_000_000, by: 1...3, fixture) == Amount(perDay))
            let before = (try await fixture.available(one), try await fixture.available(two))
            try await fixture.advance(to: edge)
            #expect(try await fixture.available(one) == before.0.adding(Amount(perDay + perDay / 4)))
            #expect(try await fixture.available(two) == before.1.adding(Amount(perDay / 4)))
            #expect(try await fixture.balance(.pool(1)) == Amount(5 * perDay - perDay - perDay / 2))
            try await checkBooks(fixture)
        }
    }

    @Test func `an outage without quorum, twice, of a day to come or too long ago is refused`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            _ = try await pay(fixture.envelope("a", topic: topic), fixture)
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            let day = UTCDay(containing: ServiceFixture.start + UTCDay.seconds)
            func code(_ day: UTCDay, _ operators: ClosedRange<Int>) async -> String? {
                await fixture.code { _ = try await declare(day, parts: 1_000_000_000, by: operators, fixture) }
            }
            #expect(await code(day, 1...2) == "outage/quorum")
            #expect(await code(day, 1...4) == "outage/operator")
            #expect(await code(day.next.next, 1...3) == "outage/early")
            #expect(await code(day, 1...3) == nil)
            #expect(await code(day, 1...3) == "outage/decided")
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)
            #expect(await code(day.next, 1...3) == "outage/late")
        }
    }

    @Test func `what a pool lacks waits for the next, and each debt gets the same proportion`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelopes = [fixture.envelope("a", topic: topic), fixture.envelope("b", topic: topic)]
            let (long, one) = try await pay(envelopes[0], fixture)
            let (short, two) = try await pay(envelopes[1], fixture, by: other)
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelopes[1], fixture), charge: short)
            // Who says nothing in two epochs has no vote in the third.
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver([long, short], epoch: 1, node: node) }
            // The third epoch's pool gets one midnight of one message.
            try await fixture.advance(to: ServiceFixture.start + 9 * UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelopes[0], fixture), charge: long)
            var day = UTCDay(containing: ServiceFixture.start)
            for _ in 1...4 {
                day = day.next
                _ = try await declare(day, parts: 1_000_000_000, by: 1...3, fixture)
            }
            let before = (try await fixture.available(one), try await fixture.available(two))
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)
            // Owed are four days to the one and two to the other: of 22,528 units each day's debt gets a sixth.
            let paid = try await fixture.service.read { try await DebtStore($0).open() }.map(\.debt.paid)
            #expect(paid == [3_754, 3_754, 3_754, 3_754, 3_754, 3_754])
            #expect(try await fixture.available(one) == before.0.adding(Amount(4 * 3_754)))
            #expect(try await fixture.available(two) == before.1.adding(Amount(2 * 3_754)))
            #expect(try await fixture.balance(.pool(3)) == Amount(perDay - 6 * 3_754))
            try await checkBooks(fixture)
        }
    }
}
