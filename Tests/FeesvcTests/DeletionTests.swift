import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Refunds by a topic's owner.
struct DeletionTests: RefundScene {
    @Test func `a deletion gives back the days to come, once, whoever the payer is, and no midnight captures them`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, channel) = try await pay(envelope, fixture)
            let kept = fixture.envelope("b", topic: topic)
            _ = try await pay(kept, fixture, by: other)
            try await fixture.advance(to: ServiceFixture.start + 3 * UTCDay.seconds)
            let before = try await fixture.available(channel)
            let returned = try await fixture.service.delete(deletion(envelope, fixture), charge: charge)
            #expect(returned == Amount(57 * perDay))
            #expect(try await fixture.available(channel) == before.adding(Amount(57 * perDay)))
            #expect(try await fixture.balance(.held(.storage)) == Amount(57 * perDay))
            try await checkBooks(fixture)

            let again = await fixture.code {
                _ = try await fixture.service.delete(deletion(envelope, fixture), charge: charge)
            }
            #expect(again == "deletion/decided")
            try await fixture.advance(to: ServiceFixture.start + 4 * UTCDay.seconds)
            #expect(try await fixture.balance(.held(.storage)) == Amount(56 * perDay))
            try await checkBooks(fixture)
        }
    }

    @Test func `a deletion by another key, of another envelope or without days to come is refused`() async throws {
        try await ServiceFixture.run { fixture in
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, _) = try await pay(envelope, fixture)
            func code(_ deletion: Deletion, _ charge: UInt64) async -> String? {
                await fixture.code { _ = try await fixture.service.delete(deletion, charge: charge) }
            }
            #expect(await code(deletion(envelope, fixture, by: key), charge) == "deletion/signature")
            #expect(
                await code(deletion(fixture.envelope("b", topic: topic), fixture), charge)
                    == "deletion/unknown-charge")
            #expect(await code(deletion(envelope, fixture), 9) == "deletion/unknown-charge")
            let foreign = Deletion(
                head: envelope.head, topic: Topic(owner: key.address, salt: .zero),
                signature: deletion(envelope, fixture).signature)
            #expect(await code(foreign, charge) == "deletion/not-the-topic")
            try await fixture.advance(to: ServiceFixture.start + 60 * UTCDay.seconds)
            #expect(await code(deletion(envelope, fixture), charge) == "deletion/nothing-left")
            try await checkBooks(fixture)
        }
    }
}
