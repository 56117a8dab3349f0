import Channels
import Primitives
import Testing

/// Laws of schedules that follow each other, over random proposals.
@Suite struct ScheduleLawTests {
    private static let epochSeconds: UInt64 = 86_400
    /// Picodollars: the ceilings and starts of 12 decimals, as docs/protocol.md §4 has them.
    private static let limits: [(field: ScheduleField, ceiling: UInt128, start: UInt128)] = [
        (.base, 10_000_000_000, 100_000_000), (.storagePerByteDay, 10_000, 100),
        (.congestionUnit, 100_000_000, 1_000_000), (.postage, 1_000_000_000_000, 10_000_000_000),
    ]

    /// A value near the last one, most often one that may follow it.
    private static func moved(_ last: UInt128, _ generator: inout SplitMix64) -> UInt128 {
        switch UInt32.random(in: 0..<40, using: &generator) {
        case 0: 0
        case 1: UInt128.random(in: 0...UInt128.max, using: &generator)
        case 2: last / 2 - min(last / 2, 1)
        case 3: last * 2 + 2
        case 4: UInt128.random(in: 0...200, using: &generator)
        case 5..<20: last
        case 20..<28: last * 2 + UInt128.random(in: 0...1, using: &generator)
        default: last / 2 + UInt128.random(in: 0...(last + 1), using: &generator)
        }
    }

    private static func proposal(
        after last: FeeSchedule, now: UInt64, _ generator: inout SplitMix64
    ) -> FeeSchedule {
        func amount(_ last: Amount) -> Amount { Amount(moved(last.units, &generator)) }
        let start = UInt32.random(in: 0..<8, using: &generator) == 0 ? now : max(now, last.effectiveFrom)
        return FeeSchedule(
            version: last.version + 1, effectiveFrom: start + UInt64.random(in: 80_000...400_000, using: &generator),
            base: amount(last.base), storagePerByteDay: amount(last.storagePerByteDay),
            congestionUnit: amount(last.congestionUnit),
            targetPerMinute: UInt32(clamping: moved(UInt128(last.targetPerMinute), &generator)),
            postage: amount(last.postage), postageWindow: UInt64.random(in: 3_500...2_592_000, using: &generator),
            retentionDaysMin: UInt32.random(in: 0...40, using: &generator),
            retentionDaysMax: UInt32.random(in: 30...3_660, using: &generator),
            bytesMax: UInt32.random(in: 1...1_050_000, using: &generator))
    }

    private static func isWithinBounds(_ schedule: FeeSchedule) -> Bool {
        limits.allSatisfy { schedule.value(of: $0.field).units <= $0.ceiling }
            && schedule.targetPerMinute <= 100_000_000
            && (3_600...2_592_000).contains(schedule.postageWindow)
            && schedule.retentionDaysMin >= 1 && schedule.retentionDaysMin <= schedule.retentionDaysMax
            && schedule.retentionDaysMax <= 3_650 && (1...1_048_576).contains(schedule.bytesMax)
    }

    private static func isOneStep(_ old: UInt128, _ new: UInt128, from zero: ClosedRange<UInt128>) -> Bool {
        old == 0 ? zero.contains(new) : new <= 2 * old + 1 && old <= 2 * new + 1
    }

    private static func mayFollow(_ new: FeeSchedule, _ old: FeeSchedule, now: UInt64) -> Bool {
        let (oldTarget, newTarget) = (UInt128(old.targetPerMinute), UInt128(new.targetPerMinute))
        return isWithinBounds(new)
            && new.effectiveFrom >= max(now, old.effectiveFrom) + epochSeconds
            && (newTarget == 0 || isOneStep(oldTarget, newTarget, from: 600...100_000_000))
            && limits.allSatisfy { limit in
                isOneStep(
                    old.value(of: limit.field).units, new.value(of: limit.field).units, from: 0...limit.start)
            }
    }

    @Test func `accepted changes stay within bounds, and none exceeds its step or shortens its notice`() {
        var (accepted, refused, fromZero) = (0, 0, 0)
        for seed in UInt64(1)...40 {
            var generator = SplitMix64(seed: seed)
            let rule = ScheduleChange(ledgerScale: 12, epochSeconds: Self.epochSeconds)
            var now: UInt64 = 1_800_000_000
            // Small rates reach 0 and leave it again.
            var last =
                seed % 2 == 0
                ? TestChannel.schedule(congestionUnit: 385_000, effectiveFrom: now)
                : TestChannel.schedule(base: 3, storage: 1, congestionUnit: 0, postage: 2, effectiveFrom: now)
            for _ in 0..<200 {
                now += UInt64.random(in: 0...200_000, using: &generator)
                let proposed = Self.proposal(after: last, now: now, &generator)
                do throws(ScheduleRefusal) {
                    try rule.check(proposed, after: last, now: now)
                    #expect(Self.mayFollow(proposed, last, now: now), "seed \(seed), version \(proposed.version)")
                    accepted += 1
                    let moved = Self.limits.map { (last.value(of: $0.field), proposed.value(of: $0.field)) }
                    fromZero += moved.count { $0.0 == .zero && $0.1 > .zero }
                    last = proposed
                } catch {
                    refused += 1
                }
            }
        }
        #expect(accepted > 500 && refused > 500 && fromZero > 20, "\(accepted), \(refused), \(fromZero)")
    }

    @Test func `what may follow by the law and looks like no time is accepted`() {
        var accepted = 0
        for seed in UInt64(1)...1_000 {
            var generator = SplitMix64(seed: seed)
            let rule = ScheduleChange(ledgerScale: 12, epochSeconds: Self.epochSeconds)
            let last = TestChannel.schedule(congestionUnit: 385_000, effectiveFrom: 1_800_000_000)
            let now: UInt64 = 1_800_000_100
            let proposed = Self.proposal(after: last, now: now, &generator)
            guard Self.mayFollow(proposed, last, now: now) else { continue }
            #expect(throws: Never.self, "seed \(seed)") { try rule.check(proposed, after: last, now: now) }
            accepted += 1
        }
        #expect(accepted > 100, "\(accepted)")
    }

    @Test func `no price within the bounds overflows`() throws {
        for scale in UInt8(0)...30 {
            let bounds = ScheduleBounds(ledgerScale: scale)
            let schedule = TestChannel.schedule(
                base: bounds.base.ceiling, storage: bounds.storagePerByteDay.ceiling,
                congestionUnit: bounds.congestionUnit.ceiling, postage: bounds.postage.ceiling, days: 1...3_650)
            let item = TestChannel.item(1, bytes: 1_048_576, days: 3_650, postage: bounds.postage.ceiling)
            #expect(throws: Never.self, "\(scale)") {
                try schedule.price(item, acceptedAt: TestChannel.now, congestion: 100).total
            }
        }
    }
}
