import Channels
import Primitives
import Testing

/// Laws of refunds on random charges and random claims; each failure prints its seed.
struct RefundLawTests {
    private struct Case {
        let standing: ChargeStanding
        let paid: Amount
        let claims: Set<RefundClaim>
    }

    private static func make(_ seed: UInt64) throws -> Case {
        var random = SplitMix64(seed: seed)
        func part() -> ChargeStanding.Part {
            let paid = random.next() % 1_000
            let held = random.next() % (paid + 1)
            let returned = random.next() % (paid - held + 1)
            return ChargeStanding.Part(
                paid: Amount(UInt128(paid)), held: Amount(UInt128(held)), returned: Amount(UInt128(returned)))
        }
        let (base, congestion, postage) = (part(), part(), part())
        let perDay = random.next() % 100
        let captured = random.next() % 40
        let storage = ChargeStanding.Storage(
            perDay: Amount(UInt128(perDay)), capturedDays: captured, heldDays: random.next() % 40,
            returned: Amount(UInt128(random.next() % (perDay * captured + 1))))
        let standing = ChargeStanding(base: base, congestion: congestion, storage: storage, postage: postage)
        let excess = Excess(
            base: Amount(UInt128(random.next() % 1_500)), storagePerDay: Amount(UInt128(random.next() % 150)),
            congestion: Amount(UInt128(random.next() % 1_500)), postage: Amount(UInt128(random.next() % 1_500)))
        let all: [RefundClaim] = [
            .undelivered, .refused, .welcomed, .deletedEarly, .overcharged(excess), .chargedTwice, .nodeAtFault,
        ]
        return Case(
            standing: standing, paid: try standing.held().adding(try standing.captured()),
            claims: Set(all.filter { _ in random.next() % 2 == 0 }))
    }

    private static func total(_ decisions: [RefundDecision]) throws -> Amount {
        try Amount.sum(try decisions.map { try $0.total() })
    }

    @Test func `L11: refunds of a charge are never more than what is left of it, whatever is claimed`() throws {
        for seed in 0..<2_000 as Range<UInt64> {
            let one = try Self.make(seed)
            var standing = one.standing
            let decisions = try standing.settle(all: one.claims)
            #expect(try Self.total(decisions) <= one.paid, "seed \(seed)")
        }
    }

    @Test func `L12: what is held or captured goes back once: the same claims again give nothing`() throws {
        for seed in 0..<2_000 as Range<UInt64> {
            let one = try Self.make(seed)
            var standing = one.standing
            let first = try standing.settle(all: one.claims)
            let left = try standing.held().adding(try standing.captured())
            #expect(try Self.total(first).adding(left) == one.paid, "seed \(seed)")
            let withoutExcess = one.claims.filter { $0.ground != .overcharged }
            #expect(try Self.total(try standing.settle(all: withoutExcess)) == .zero, "seed \(seed)")
        }
    }

    @Test func `L14: the order of evidence makes no difference, and more evidence never gives less`() throws {
        for seed in 0..<1_000 as Range<UInt64> {
            let one = try Self.make(seed)
            var standing = one.standing
            let decisions = try standing.settle(all: one.claims)
            var again = one.standing
            #expect(try again.settle(all: Set(one.claims.reversed())) == decisions, "seed \(seed)")
            for left in one.claims {
                var fewer = one.standing
                let less = try fewer.settle(all: one.claims.subtracting([left]))
                #expect(try Self.total(less) <= Self.total(decisions), "seed \(seed) without \(left)")
            }
        }
    }

    @Test func `L15: what a deletion gives back falls with each midnight, from all to nothing, and ties to the charge`()
        throws
    {
        let paid = RefundParts(base: 7, congestion: 0, storage: 13, postage: 0)
        let history = ChargeHistory(
            number: 1, acceptedAt: 100 * UTCDay.seconds + 5, expiryDay: UTCDay(number: 130), paid: paid,
            isBaseHeld: true, isPostageHeld: false)
        var before = Amount.max
        for day in 100...131 as ClosedRange<UInt32> {
            var standing = try history.standing(after: UTCDay(number: day))
            let captured = try standing.storage.captured()
            let returned = try standing.settle(.deletedEarly).held.storage
            #expect(returned <= before)
            #expect(try returned.adding(captured) == 390)
            #expect(day > 100 || returned == 390)
            #expect(day < 130 || returned == .zero)
            before = returned
        }
    }

    @Test func `a deletion, a lower price and an outage together never give more than a day cost`() throws {
        let price = ChargeHistory.Release(
            logIndex: 20, perDay: 4, fromDay: UTCDay(number: 100), isPrice: true)
        let outage = ChargeHistory.PastOutage(
            logIndex: 30, outage: Outage(day: UTCDay(number: 103), parts: 500_000_000))
        let late = ChargeHistory.PastOutage(
            logIndex: 10, outage: Outage(day: UTCDay(number: 102), parts: 1_000_000_000))
        let history = ChargeHistory(
            number: 1, acceptedAt: 100 * UTCDay.seconds, expiryDay: UTCDay(number: 110),
            paid: RefundParts(base: 0, congestion: 0, storage: 10, postage: 0), isBaseHeld: false,
            isPostageHeld: false, releases: [price], outages: [late, outage])
        // Five days at 6; the outage before the price was mended gave 10 of one day, the one after it half of 6.
        let standing = try history.standing(after: UTCDay(number: 105))
        #expect(try standing.storage.captured() == 17)
        #expect(try standing.storage.held() == 30)
        #expect(try history.perDay(UTCDay(number: 102), before: 10) == 10)
        #expect(try history.perDay(UTCDay(number: 103)) == 6)
        #expect(try history.perDay(UTCDay(number: 111)) == .zero)
        #expect(try history.perDay(UTCDay(number: 100)) == .zero)
    }

    private struct Shortage {
        let funds: Amount
        let debts: [Amount]
        let parts: [Amount]
    }

    private static let shortages = [
        Shortage(funds: 100, debts: [10, 20, 30], parts: [10, 20, 30]),
        Shortage(funds: 60, debts: [10, 20, 30], parts: [10, 20, 30]),
        Shortage(funds: 59, debts: [10, 20, 30], parts: [9, 19, 29]),
        Shortage(funds: 0, debts: [10, 20], parts: [0, 0]),
        Shortage(funds: 1, debts: [1, 1, 1], parts: [0, 0, 0]),
        Shortage(funds: 7, debts: [], parts: []),
    ]

    @Test(arguments: 0..<6)
    func `L33: where a pool lacks, each debt gets its part rounded down, in any order`(_ place: Int) throws {
        let one = Self.shortages[place]
        #expect(try Repayment.parts(of: one.funds, debts: one.debts) == one.parts)
        #expect(try Repayment.parts(of: one.funds, debts: one.debts.reversed()) == one.parts.reversed())
    }

    @Test func `L32: one cut takes at most a tenth of a stake, all losses in one proportion`() throws {
        var losses: [RefundDecision] = []
        for loss in [400, 300, 300] as [Amount] {
            var decision = RefundDecision(.nodeAtFault)
            decision.stake.storage = loss
            losses.append(decision)
        }
        let cap = try NodeFault.cap(stake: 5_009)
        #expect(cap == 500)
        let taken: [Amount] = try NodeFault.within(cap, losses).map { try $0.total() }
        #expect(taken == [200, 150, 150])
        #expect(try NodeFault.within(1_000, losses) == losses)
        #expect(try Self.total(try NodeFault.within(7, losses)) <= 7)
    }
}

/// The rule of the cut, case by case.
struct CutClaimTests {
    private func list(_ node: UInt32, _ charges: [UInt64]) -> Delivered {
        Delivered(epoch: 1, node: node, charges: ChargeRuns(ascending: charges))
    }

    private func claim(
        lists: [[UInt64]], acknowledged: Bool = false, refused: Bool = false, first: ShownEvidence.First? = nil
    ) -> RefundGround? {
        DeliveryCut.claim(
            charge: 5, holders: 3, reports: lists.enumerated().map { list(UInt32($0.offset + 1), $0.element) },
            shown: ShownEvidence(isAcknowledged: acknowledged, isRefused: refused, first: first))?.ground
    }

    @Test func `a refusal counts only where no node lists the charge`() {
        #expect(claim(lists: [[], [], []], refused: true) == .refused)
        #expect(claim(lists: [[5], [], []], refused: true) == nil)
    }

    @Test func `undelivered comes before refused`() {
        #expect(claim(lists: [[], [], []], acknowledged: true, refused: true) == .undelivered)
        #expect(claim(lists: [[5], [], []], acknowledged: true, refused: true) == .undelivered)
        #expect(claim(lists: [[5], [5], []], acknowledged: true, refused: true) == nil)
    }

    @Test func `a second charge goes back where the first stands, unless only the second was published`() {
        #expect(claim(lists: [[5], [5], []], first: .standing(isListed: true)) == .chargedTwice)
        #expect(claim(lists: [[5], [5], []], first: .standing(isListed: false)) == nil)
        #expect(claim(lists: [[], [], []], first: .standing(isListed: false)) == .chargedTwice)
        #expect(claim(lists: [[], [], []], first: .void) == nil)
        #expect(claim(lists: [[], [], []]) == nil)
    }
}
