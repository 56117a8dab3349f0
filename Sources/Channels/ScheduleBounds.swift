public import Primitives

/// What no schedule of a ledger goes beyond, however many changes lead there (docs/protocol.md §4).
///
/// The ceilings are parts of one unit of the currency and suit one that is worth about a dollar. A message of 1,024
/// bytes for 60 days never costs more than 0.0206 units without postage, one of 1 MiB for 365 days 3.85. Every floor of
/// a rate is 0: who gives a service away may say so.
///
/// Rates have landed in each other's fields elsewhere: a start time of 1,754,412,880 as a storage rate in picodollars
/// made a 1 KiB message cost 52 dollars and drove balances to a billion below zero. With 12 decimals that is 175,000
/// times the ceiling; where a ceiling is above it, it is refused because it looks like a time.
public struct ScheduleBounds: Hashable, Sendable {
    /// A hundredth of a unit at most, what a text message over the telephone costs.
    public let base: RateBounds
    /// 10^-8 units a byte and day at most: a mebibyte for a day costs about a hundredth of a unit.
    public let storagePerByteDay: RateBounds
    /// 10^-4 units at most: 100 units of congestion cost no more than the largest base fee.
    public let congestionUnit: RateBounds
    /// One unit at most: it is meant to be felt by who sends to many strangers.
    public let postage: RateBounds

    /// Messages a minute; 0 asks for no congestion fee, and the most is above what many logs together are built for.
    public static let targetPerMinute: ClosedRange<UInt32> = 0...100_000_000
    /// The least target when it was 0 before: a smaller one could make every message a congested one overnight.
    public static let targetPerMinuteStart: UInt32 = 600
    /// Seconds, from one hour to 30 days.
    public static let postageWindow: ClosedRange<UInt64> = 3_600...2_592_000
    /// Days, to about ten years.
    public static let retentionDays: ClosedRange<UInt32> = 1...3_650
    /// Bytes, to the largest payload that an envelope can have.
    public static let bytes: ClosedRange<UInt32> = 1...UInt32(EnvelopeHead.payloadBytesMax)

    /// The bounds of a ledger whose unit is 10^-`ledgerScale` of the currency's.
    public init(ledgerScale: UInt8) {
        precondition(ledgerScale <= 30, "a genesis has at most 30 decimals")
        base = RateBounds(decimals: 2, ledgerScale: ledgerScale)
        storagePerByteDay = RateBounds(decimals: 8, ledgerScale: ledgerScale)
        congestionUnit = RateBounds(decimals: 4, ledgerScale: ledgerScale)
        postage = RateBounds(decimals: 0, ledgerScale: ledgerScale)
    }

    /// Checks each field of a schedule by itself, in the order of ``ScheduleField``; a log's first schedule is held to
    /// this alone.
    ///
    /// Throws ``ScheduleRefusal/bounds(_:found:allowed:)`` or ``ScheduleRefusal/looksLikeTime(_:found:times:)``.
    public func check(_ schedule: FeeSchedule) throws(ScheduleRefusal) {
        for field in ScheduleField.allCases {
            let found = schedule.value(of: field)
            let allowed = range(of: field, in: schedule)
            guard allowed.contains(found) else { throw .bounds(field, found: found, allowed: allowed) }
            if rate(field) != nil, let times = Self.times(near: schedule.effectiveFrom), times.contains(found) {
                throw .looksLikeTime(field, found: found, times: times)
            }
        }
    }

    /// The bounds of a field that is a rate, `nil` for the others.
    func rate(_ field: ScheduleField) -> RateBounds? {
        switch field {
        case .base: base
        case .storagePerByteDay: storagePerByteDay
        case .congestionUnit: congestionUnit
        case .postage: postage
        case .targetPerMinute, .postageWindow, .retentionDaysMin, .retentionDaysMax, .bytesMax: nil
        }
    }

    private func range(of field: ScheduleField, in schedule: FeeSchedule) -> ClosedRange<Amount> {
        switch field {
        case .base: .zero...base.ceiling
        case .storagePerByteDay: .zero...storagePerByteDay.ceiling
        case .congestionUnit: .zero...congestionUnit.ceiling
        case .postage: .zero...postage.ceiling
        case .targetPerMinute: Self.amounts(Self.targetPerMinute)
        case .postageWindow: Self.amounts(Self.postageWindow)
        case .retentionDaysMin: Self.amounts(Self.retentionDays)
        case .retentionDaysMax:
            Self.amounts(min(schedule.retentionDaysMin, Self.retentionDays.upperBound)...Self.retentionDays.upperBound)
        case .bytesMax: Self.amounts(Self.bytes)
        }
    }

    private static func amounts(_ range: ClosedRange<some UnsignedInteger>) -> ClosedRange<Amount> {
        Amount(UInt128(range.lowerBound))...Amount(UInt128(range.upperBound))
    }

    /// A year around a schedule's own time, as far as that is after 2001-09-09 (10^9): small rates look like no time.
    private static func times(near time: UInt64) -> ClosedRange<Amount>? {
        let year = 365 * UTCDay.seconds
        let earliest = max(1_000_000_000, time < year ? 0 : time - year)
        let latest = UInt128(time) + UInt128(year)
        guard UInt128(earliest) <= latest else { return nil }
        return Amount(UInt128(earliest))...Amount(latest)
    }
}

/// The bounds of one rate, in ledger units.
public struct RateBounds: Hashable, Sendable {
    /// The largest rate.
    public let ceiling: Amount
    /// The largest rate when it was 0 before: a hundredth of the ceiling, and at least 1 where the ceiling is.
    public let start: Amount

    /// A ceiling of 10^-`decimals` of the currency's unit; 0 where that is less than one ledger unit.
    fileprivate init(decimals: UInt8, ledgerScale: UInt8) {
        let digits = ledgerScale < decimals ? nil : ledgerScale - decimals
        let units: UInt128 = digits.map { (0..<$0).reduce(1) { power, _ in power * 10 } } ?? 0
        ceiling = Amount(units)
        start = Amount(min(units, max(units / 100, 1)))
    }
}
