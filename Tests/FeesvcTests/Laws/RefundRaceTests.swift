import Channels
import Primitives
import Testing

/// Laws of refunds that many ask for at once. The laws of the rule itself are in ChannelsTests.
@Suite(.serialized) struct RefundRaceTests {
    @Test(arguments: LawSeeds.all)
    func `L11: however many ask at once, no more of a charge or of a part of it goes back than was paid`(
        _ seed: UInt64
    ) async throws {
        let race = try await RefundRace.run(seed)
        #expect(race.asked >= 130 && race.returned.count > 10, "seed \(seed)")
        for paid in race.paid {
            let price = paid.charge.price
            let parts = [
                "base": price.base, "storage": price.storage, "congestion": price.congestion, "postage": price.postage,
            ]
            let back = race.returned.filter { $0.charge == paid.charge.number && $0.source != "stake" }
            for (part, amount) in parts {
                let sum = try Amount.sum(back.filter { $0.part == part }.map(\.amount))
                #expect(sum <= amount, "seed \(seed), \(part) of charge \(paid.charge.number)")
            }
            #expect(try Amount.sum(back.map(\.amount)) <= price.total, "seed \(seed)")
        }
    }

    @Test(arguments: LawSeeds.all)
    func `L12: of claims that come at once one counts, and in the end each unit was captured or went back`(
        _ seed: UInt64
    ) async throws {
        let race = try await RefundRace.run(seed)
        for (claim, count) in race.given { #expect(count == 1, "seed \(seed), \(claim)") }
        for claim in ["welcome", "deletion", "overcharge", "outage"] {
            #expect(race.given.keys.contains { $0.hasPrefix(claim) }, "seed \(seed): no \(claim) counted")
        }
        let twice = UInt64(RefundGround.chargedTwice.rawValue)
        #expect(race.returned.contains { $0.ground == twice }, "seed \(seed): no second charge went back")
        #expect(race.held == .zero, "seed \(seed)")
        let charged = try Amount.sum(race.paid.map { try $0.charge.price.total })
        let back = try Amount.sum(race.returned.filter { $0.source == "hold" }.map(\.amount))
        #expect(try race.captured.adding(back) == charged, "seed \(seed)")
        // A part of a charge goes back once on one ground out of one purse.
        let keys = race.returned.map { "\($0.charge) \($0.part) \($0.ground) \($0.source)" }
        #expect(Set(keys).count == keys.count, "seed \(seed)")
    }

    @Test(arguments: LawSeeds.all)
    func `L13: what goes back goes to the channel that paid, whoever asks, and never more than it paid`(
        _ seed: UInt64
    ) async throws {
        let race = try await RefundRace.run(seed)
        #expect(race.bystander == RefundRace.deposit, "seed \(seed)")
        for paid in race.paid {
            let back = try Amount.sum(
                race.returned.filter { $0.charge == paid.charge.number && $0.source == "hold" }.map(\.amount))
            let (refunded, repaid) = try #require(race.credited[paid.channel])
            #expect(try back.adding(repaid) == refunded, "seed \(seed), channel of charge \(paid.charge.number)")
            let price = try paid.charge.price.total
            #expect(refunded > .zero && refunded <= price, "seed \(seed)")
        }
    }
}
