public import Primitives

extension Genesis {
    /// The rule by which this log's schedules follow each other.
    public var scheduleChange: ScheduleChange {
        ScheduleChange(ledgerScale: ledgerScale, epochSeconds: epochSeconds)
    }
}

/// The rule by which a schedule may follow the last one: announced, bounded, and step by step (docs/protocol.md §4).
public struct ScheduleChange: Hashable, Sendable {
    /// How long before it takes effect a change is announced at most, 7 days.
    public static let noticeMax = 7 * UTCDay.seconds
    /// How far ahead a change may take effect, 366 days: schedules only follow each other, so one whose time is wrong,
    /// in milliseconds say, would be the last for ever.
    public static let horizon = 366 * UTCDay.seconds

    /// What no schedule goes beyond.
    public let bounds: ScheduleBounds
    /// Seconds between two changes, and between the log's time and a change, at least.
    public let notice: UInt64

    /// Makes the rule from the genesis: `ledgerScale` is at most 30, `epochSeconds` above zero.
    public init(ledgerScale: UInt8, epochSeconds: UInt64) {
        precondition(epochSeconds > 0, "an epoch has a length")
        bounds = ScheduleBounds(ledgerScale: ledgerScale)
        notice = min(Self.noticeMax, epochSeconds)
    }

    /// Checks a proposed schedule against the log's last one, which may not be in force yet, at log time `now`.
    ///
    /// Throws the first ``ScheduleRefusal``, in the order version, moment, bounds, steps.
    public func check(
        _ proposed: FeeSchedule, after last: FeeSchedule, now: UInt64
    ) throws(ScheduleRefusal) {
        guard last.version < .max, proposed.version == last.version + 1 else {
            throw .version(found: proposed.version, last: last.version)
        }
        let moments = moments(after: last, now: now)
        guard moments.contains(proposed.effectiveFrom) else {
            throw .effectiveFrom(found: proposed.effectiveFrom, allowed: moments)
        }
        try bounds.check(proposed)
        for field in ScheduleField.allCases {
            guard let allowed = step(of: field, from: last) else { continue }
            let found = proposed.value(of: field)
            if field == .targetPerMinute, found == .zero { continue }
            guard allowed.contains(found) else { throw .step(field, found: found, allowed: allowed) }
        }
    }

    /// When a schedule after `last` may take effect. Each change has its own notice: several that are announced at once
    /// can't add up to a larger step.
    public func moments(after last: FeeSchedule, now: UInt64) -> ClosedRange<UInt64> {
        let start = max(now, last.effectiveFrom)
        return Self.saturated(start, notice)...Self.saturated(start, Self.horizon)
    }

    /// Where one change may take a field, within its bounds; `nil` where only bounds apply. A target may also become 0.
    ///
    /// From v to ⌊v ÷ 2⌋ … 2 v + 1, so that also 1 can move up and down; from 0 to the field's start. A value beyond
    /// the bounds, from before there were any, may come back to them at once.
    public func step(of field: ScheduleField, from last: FeeSchedule) -> ClosedRange<Amount>? {
        let value = last.value(of: field)
        if field == .targetPerMinute {
            let ceiling = Amount(UInt128(ScheduleBounds.targetPerMinute.upperBound))
            guard value > .zero else { return Amount(UInt128(ScheduleBounds.targetPerMinuteStart))...ceiling }
            return Self.halfToDouble(value, ceiling: ceiling)
        }
        guard let rate = bounds.rate(field) else { return nil }
        return value > .zero ? Self.halfToDouble(value, ceiling: rate.ceiling) : .zero...rate.start
    }

    private static func halfToDouble(_ value: Amount, ceiling: Amount) -> ClosedRange<Amount> {
        // Ceilings are at most 10^30: what is below one can be doubled.
        let doubled = value < ceiling ? Amount(2 * value.units + 1) : ceiling
        return min(Amount(value.units / 2), ceiling)...min(doubled, ceiling)
    }

    private static func saturated(_ time: UInt64, _ seconds: UInt64) -> UInt64 {
        let (sum, over) = time.addingReportingOverflow(seconds)
        return over ? .max : sum
    }
}
