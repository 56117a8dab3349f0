import Channels
import Primitives
import Testing

@Suite struct RepeatedVoucherTests {
    @Test func `a voucher that was charged charges nothing again, whatever its sequence and ceiling`() throws {
        var channel = TestChannel()
        let items = [TestChannel.item(1), TestChannel.item(2)]
        channel.state.lanes[0] = LaneState(sequence: 5, ceiling: 900_000_000, charged: 79_703_360)
        let charged = Set(items.map(\.envelopeHash))
        for (sequence, ceiling): (UInt64, Amount) in [(5, 900_000_000), (1, 0), (6, 0), (99, 900_000_000), (0, .max)] {
            let voucher = channel.voucher(items, ceiling: ceiling, sequence: sequence)
            #expect(try channel.admit(voucher, charged: charged).isNothing, "\(sequence)")
        }
    }

    @Test func `a voucher that was charged in part charges the rest, in order, and checks it as any other`() throws {
        var channel = TestChannel()
        channel.state.lanes[0] = LaneState(sequence: 1, ceiling: 100_000_000, charged: 39_851_680)
        let items = [TestChannel.item(3), TestChannel.item(1), TestChannel.item(2)]
        let charged: Set = [TestChannel.item(1).envelopeHash]
        let good = channel.voucher(items, ceiling: 119_555_040, sequence: 2)
        let admitted = try channel.admit(good, charged: charged)
        #expect(admitted.charges.map(\.item) == [items[0], items[2]])
        #expect(admitted.total == 79_703_360)
        #expect(admitted.lane == LaneState(sequence: 2, ceiling: 119_555_040, charged: 119_555_040))
        let short = channel.voucher(items, ceiling: 119_555_039, sequence: 2)
        #expect(
            channel.refusal(short, charged: charged) == .ceilingTooLow(found: 119_555_039, needed: 119_555_040))
        let stale = channel.voucher(items, ceiling: 119_555_040, sequence: 1)
        #expect(channel.refusal(stale, charged: charged) == .sequence(found: 1, newest: 1))
    }

    @Test func `an item that lost its price since costs nothing again`() throws {
        var channel = TestChannel()
        channel.schedule = TestChannel.schedule(bytesMax: 10)
        let charged: Set = [TestChannel.item(1).envelopeHash]
        let voucher = channel.voucher([TestChannel.item(1), TestChannel.item(2, bytes: 10)])
        #expect(try channel.admit(voucher, charged: charged).charges.map(\.item.bytes) == [10])
        #expect(try channel.admit(channel.voucher([TestChannel.item(1)]), charged: charged).isNothing)
    }

    /// What a payer may do at random, against a model that keeps a list of what was paid.
    @Test func `a channel's numbers only grow, charged ≤ ceiling ≤ coverage, and each envelope is paid once`() throws {
        for seed in UInt64(1)...12 {
            var generator = SplitMix64(seed: seed)
            var channel = TestChannel(deposited: 0)
            channel.schedule = TestChannel.schedule(base: 100, storage: 0)
            var paid: Set<Bytes32> = []
            var (admitted, refused) = (0, 0)
            for step in 0..<400 {
                let about: Comment = "seed \(seed), step \(step)"
                if UInt64.random(in: 0..<8, using: &generator) == 0 {
                    let deposit = Amount(UInt128.random(in: 0...600, using: &generator))
                    channel.state.deposited = try channel.state.deposited.adding(deposit)
                }
                let before = channel.state.lanes[0] ?? LaneState()
                let picks = Set((0..<3).map { _ in UInt64.random(in: 0..<500, using: &generator) }).sorted()
                let items = picks.map { TestChannel.item($0) }
                let lowest = before.ceiling.units > 50 ? before.ceiling.units - 50 : 0
                let ceiling = Amount(lowest + UInt128.random(in: 0...400, using: &generator))
                let sequence = before.sequence + UInt64.random(in: 0...2, using: &generator)
                let voucher = channel.voucher(items, ceiling: ceiling, sequence: sequence)
                guard let result = try? channel.admit(voucher, charged: paid) else {
                    refused += 1
                    continue
                }
                let new = items.filter { !paid.contains($0.envelopeHash) }
                #expect(result.charges.map(\.item) == new, about)
                #expect(result.total.units == 100 * UInt128(new.count), about)
                guard let lane = result.lane else {
                    #expect(new.isEmpty, about)
                    continue
                }
                admitted += 1
                paid.formUnion(new.map(\.envelopeHash))
                channel.state.lanes[0] = lane
                #expect(lane.sequence > before.sequence && lane.ceiling >= before.ceiling, about)
                #expect(lane.charged.units == 100 * UInt128(paid.count), about)
                #expect(lane.charged <= lane.ceiling, about)
                #expect(lane.ceiling <= (try channel.state.coverage), about)
            }
            #expect(admitted > 10 && refused > 10, "seed \(seed): \(admitted) admitted, \(refused) refused")
        }
    }
}

extension Admitted {
    fileprivate var isNothing: Bool { charges.isEmpty && total == .zero && lane == nil }
}
