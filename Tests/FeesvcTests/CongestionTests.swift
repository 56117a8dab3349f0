import Channels
import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Congestion at a target of 10 charges a minute, 1,000 units of money a unit. Units at 10, 11, 12, 13, 14 and 15 charges a
/// minute are 0, 7, 19, 36, 61 and 100 (docs/protocol.md §4, worked out in Python).
@Suite struct CongestionTests {
    private static let options = ["--congestion-fee", "1000", "--target-per-minute", "10"]
    private static let edge = ServiceFixture.start + ServiceFixture.epochLength
    private static let ceiling: Amount = 5_000_000_000

    private let key = SecretKey(seed: 1, label: "payer")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))

    private func items(_ fixture: ServiceFixture, _ labels: some Sequence<Int>) -> [Item] {
        labels.map { fixture.item(fixture.envelope("\($0)", topic: topic)) }
    }

    private func pay(
        _ fixture: ServiceFixture, _ channel: Bytes32, _ labels: some Sequence<Int>, sequence: UInt64
    ) async throws -> [Receipt] {
        try await fixture.pay(
            fixture.voucher(
                items(fixture, labels), channel: channel, key: key, sequence: sequence, ceiling: Self.ceiling))
    }

    @Test func `units follow leaf by leaf, and what is refused or repeated counts nothing`() async throws {
        try await ServiceFixture.run(Self.options) { fixture in
            let channel = try await fixture.channel(key, deposit: Self.ceiling)
            let first = try await pay(fixture, channel, 0..<11, sequence: 1)
            #expect(first.map(\.charge.price.congestion) == [Amount](repeating: 0, count: 11))

            let refused = fixture.voucher(
                items(fixture, 50..<60), channel: channel, key: key, sequence: 2, ceiling: Self.ceiling.decremented)
            let repeated = fixture.voucher(
                items(fixture, 0..<11), channel: channel, key: key, sequence: 1, ceiling: Self.ceiling)
            let good = fixture.voucher(
                items(fixture, 11..<13), channel: channel, key: key, sequence: 2, ceiling: Self.ceiling)
            let decisions = try await fixture.decide([refused, repeated, good])
            #expect(throws: VoucherRefusal.ceilingLowered(found: Self.ceiling.decremented, newest: Self.ceiling)) {
                try decisions[0].get()
            }
            #expect(try decisions[1].get() == first.map(\.leaf.index))
            let second = try await fixture.service.receiptDesk.receipts(for: decisions[2].get()).receipts
            #expect(second.map(\.receipt.charge.price.congestion) == [7_000, 19_000])
        }
    }

    @Test func `a restart counts on, and a new minute looks back`() async throws {
        try await ServiceFixture.run(Self.options) { fixture in
            let channel = try await fixture.channel(key, deposit: Self.ceiling)
            _ = try await pay(fixture, channel, 0..<13, sequence: 1)
            let again = try await fixture.reopened()
            let third = try await pay(again, channel, 13..<15, sequence: 2)
            #expect(third.map(\.charge.price.congestion) == [36_000, 61_000])
            try await again.advance(to: ServiceFixture.start + 60)
            let once = try await again.reopened()
            #expect(try await pay(once, channel, [15], sequence: 3)[0].charge.price.congestion == 100_000)
            // Two minutes later ⌊(4 × 0 + 3 × 1 + 2 × 15) ÷ 10⌋ = 3 a minute.
            try await once.advance(to: ServiceFixture.start + 180)
            #expect(try await pay(once, channel, [16], sequence: 4)[0].charge.price.congestion == 0)
            await once.pool.close()
        }
    }

    @Test func `the counts of five minutes are found again in the database`() async throws {
        try await ServiceFixture.run(Self.options) { fixture in
            let channel = try await fixture.channel(key, deposit: Self.ceiling)
            try await fixture.advance(to: ServiceFixture.start + 299)
            _ = try await pay(fixture, channel, 0..<3, sequence: 1)
            try await fixture.advance(to: ServiceFixture.start + 301)
            _ = try await pay(fixture, channel, 3..<5, sequence: 2)
            for (time, counts): (UInt64, MinuteCounts) in [
                (301, MinuteCounts(m0: 2, m1: 3)), (419, MinuteCounts(m1: 2, m2: 3)), (540, MinuteCounts(m4: 2)),
                (600, MinuteCounts()),
            ] {
                let found = try await fixture.service.read {
                    try await ChargeStore($0).rate(at: ServiceFixture.start + time, through: 5, after: 0)
                }
                #expect(found.newest == counts, "\(time)")
            }
        }
    }

    /// Fifteen charges in the last minute of epoch 1, three in the first of epoch 2; one of them never arrives.
    private func twoEpochs(_ fixture: ServiceFixture) async throws {
        try await fixture.registerNodes(1)
        let channel = try await fixture.channel(key, deposit: Self.ceiling)
        try await fixture.advance(to: Self.edge - 30)
        let receipts = try await pay(fixture, channel, 0..<15, sequence: 1)
        let lost = receipts[14].charge
        let acknowledgement = Acknowledgement(
            node: 1, event: .zero, charge: lost.number, envelopeHash: lost.envelopeHash, time: Self.edge - 20)
        let digest = fixture.service.domain.digest(of: acknowledgement.statement)
        try await fixture.service.keep(acknowledgement, signature: ServiceFixture.nodeKey(1).sign(digest))
        try await fixture.advance(to: Self.edge + 5)
        let after = try await pay(fixture, channel, 15..<18, sequence: 2)
        #expect(after.map(\.charge.price.congestion) == [100_000, 100_000, 100_000])
        _ = try await fixture.service.seal(1)
        try await fixture.advance(to: Self.edge + ServiceFixture.epochLength)
        _ = try await fixture.service.seal(2)
    }

    @Test func `captured congestion is the protocol's and in no pool; a void keeps it`() async throws {
        try await ServiceFixture.run(Self.options) { fixture in
            try await twoEpochs(fixture)
            // Charges 1 … 15 paid 0 eleven times, then 7, 19, 36, 61; the last one goes back,
            // but for its congestion.
            #expect(try await fixture.balance(.protocolIncome) == 123_000)
            #expect(try await fixture.balance(.held(.base)) == Amount(3 * 38_500_000 + 300_000))
            let refunds = try await fixture.service.read { try await ReportStore($0).refunds(in: 2) }
            // The node that acknowledged it does not list it: a tenth of its stake, 100, pays for what was spent in
            // proportion, 61,000 of congestion and two days of 22,528.
            #expect(refunds.map(\.refund.part) == ["base", "storage", "congestion", "storage"])
            #expect(refunds.map(\.refund.amount) == [38_500_000, Amount(58 * 22 * 1_024), 57, 42])
            let epochs = try await fixture.service.read { try await EpochStore($0).all() }
            #expect(epochs.map(\.captured.base) == [0, Amount(14 * 38_500_000), 0])
            #expect(epochs.map(\.captured.congestion) == [0, 123_000, 0])
            #expect(epochs[1].result?.base == Amount(14 * 38_500_000))
            let conservation = try await fixture.conservation()
            #expect(conservation.custody == conservation.liabilities)
        }
    }

    @Test func `an audit recomputes the units and ties what was charged to what became of it`() async throws {
        try await ServiceFixture.run(Self.options) { fixture in
            try await twoEpochs(fixture)
            let out = fixture.directory + "/reports"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var audits: [DirectoryAudit] = []
            try DirectoryChain.audit(out) { audits.append($0) }
            #expect(audits.map(\.epoch) == [1, 2])
            var held = Amount.zero
            for audit in audits {
                let flows = audit.audit.replay.flows
                let now = try audit.audit.replay.heldNow()
                let fromHolds = try flows.refunded.subtracting(flows.fromStakes).subtracting(flows.repaid)
                #expect(
                    try held.adding(flows.charged)
                        == Amount.sum([
                            flows.base, flows.storage, flows.postage, flows.congestion, fromHolds, now.total,
                        ]))
                held = try now.total
            }
            #expect(audits.map(\.audit.replay.flows.congestion) == [0, 123_000])
            #expect(try audits.map { try $0.audit.replay.heldNow().congestion } == [123_000, 300_000])
        }
    }

    @Test func `a falsified unit, and counts that were left out before the epoch, are named`() async throws {
        try await ServiceFixture.run(Self.options) { fixture in
            try await twoEpochs(fixture)
            let (opening, held, leaves) = try await fixture.service.read {
                let inputs = try await EpochInputs($0, epoch: 2)
                return (try await inputs.opening(), try await inputs.held(), try await inputs.leaves())
            }
            #expect(opening.minuteCounts == [0, 15, 0, 0, 0])
            func difference(_ opening: EpochOpening, _ change: (Charge) -> Charge) throws -> AuditDifference? {
                var replay = try EpochReplay(opening, refunded: NamedCharges(leaves).refunded)
                do {
                    for charge in held { try replay.open(charge) }
                    for leaf in leaves {
                        let body =
                            leaf.kind == .charge
                            ? change(try Charge(canonicalBytes: leaf.body)).canonicalBytes : leaf.body
                        try replay.apply(LogLeaf(index: leaf.index, time: leaf.time, kind: leaf.kind, body: body))
                    }
                    return nil
                } catch let difference as AuditDifference {
                    return difference
                }
            }
            #expect(try difference(opening) { $0 } == nil)
            let charge = try #require(leaves.filter { $0.kind == .charge }.dropFirst().first)
            let cheaper = try difference(opening) { $0.number == 17 ? $0.withCongestion(99_000) : $0 }
            #expect(
                cheaper
                    == AuditDifference(
                        "log.csv, leaf \(charge.index) (charge)", "congestion fee at 100 units", expected: "100000",
                        found: "99000"))
            let forgetful = try difference(opening.with(minuteCounts: [0, 10, 0, 0, 0])) { $0 }
            #expect(forgetful?.what == "congestion fee at 0 units")
            #expect(throws: AuditDifference.self) { try difference(opening.with(minuteCounts: [0, 15])) { $0 } }
        }
    }
}

extension Amount {
    fileprivate var decremented: Amount { Amount(units - 1) }
}

extension Charge {
    fileprivate func withCongestion(_ congestion: Amount) -> Charge {
        Charge(
            number: number, epoch: epoch, commitment: commitment, envelopeHash: envelopeHash, bytes: bytes,
            expiryDay: expiryDay, schedule: schedule,
            price: Price(base: price.base, storage: price.storage, congestion: congestion, postage: price.postage),
            publishBy: publishBy)
    }
}

extension EpochOpening {
    fileprivate func with(minuteCounts: [UInt64]) -> EpochOpening {
        EpochOpening(
            epoch: epoch, genesis: genesis, rotations: rotations, size: size, frontier: frontier,
            lastMidnight: lastMidnight,
            chargeCount: chargeCount, minuteCounts: minuteCounts, isPaused: isPaused, dustIn: dustIn,
            schedules: schedules, nodes: nodes,
            storage: storage)
    }
}
