/// How many charges stand in the log for each of five minutes, the one that is not over yet first.
public struct MinuteCounts: Hashable, Sendable {
    /// The current minute's, so far.
    public let m0: UInt64
    /// The last whole minute's.
    public let m1: UInt64
    /// The whole minute's before that.
    public let m2: UInt64
    /// Three minutes ago.
    public let m3: UInt64
    /// Four minutes ago.
    public let m4: UInt64

    /// Makes counts; none where nothing is named.
    public init(m0: UInt64 = 0, m1: UInt64 = 0, m2: UInt64 = 0, m3: UInt64 = 0, m4: UInt64 = 0) {
        self.m0 = m0
        self.m1 = m1
        self.m2 = m2
        self.m3 = m3
        self.m4 = m4
    }

    /// Takes m0 … m4 in this order; `nil` where they are not five.
    public init?(_ list: [UInt64]) {
        guard list.count == 5 else { return nil }
        self.init(m0: list[0], m1: list[1], m2: list[2], m3: list[3], m4: list[4])
    }

    /// m0 … m4.
    public var list: [UInt64] { [m0, m1, m2, m3, m4] }

    /// Charges a minute: the largest of m0, m1 and ⌊(4 m1 + 3 m2 + 2 m3 + m4) ÷ 10⌋, so that a burst counts at once and
    /// is forgotten slowly.
    public var rate: UInt64 {
        let weighted = 4 * UInt128(m1) + 3 * UInt128(m2) + 2 * UInt128(m3) + UInt128(m4)
        return max(m0, m1, UInt64(weighted / 10))
    }

    fileprivate func afterOneMinute() -> MinuteCounts { MinuteCounts(m0: 0, m1: m0, m2: m1, m3: m2, m4: m3) }

    /// A count stays at its largest value; a log has fewer charges than that.
    func adding(_ charges: UInt64) -> MinuteCounts {
        let (sum, over) = m0.addingReportingOverflow(charges)
        return MinuteCounts(m0: over ? .max : sum, m1: m1, m2: m2, m3: m3, m4: m4)
    }
}

/// A log's time went back.
public enum ChargeRateError: Error, Hashable, Sendable {
    /// A charge of an earlier minute than one that was counted. Minutes are counted as Unix time ÷ 60.
    case minute(found: UInt64, newest: UInt64)
}

/// The charges of a log, counted by minutes of log time, as far back as congestion looks.
///
/// The units of a charge are computed from the charge leaves that stand *before* it in the log. With M the charge's
/// minute, ⌊leaf time ÷ 60⌋, m0 is the number of charge leaves of smaller index whose minute is M; m1 … m4 are the
/// numbers of those whose minutes are M − 1 … M − 4. So ask for ``counts(at:)``, price the charge, then count it by
/// ``count(_:at:)``, also within a batch whose charges share one time: whoever reads the log leaf by leaf gets the same
/// numbers. Every charge leaf counts, also one that is voided later; a voucher that is refused or repeated logs none.
///
/// Whoever starts in the middle of a log counts the charge leaves of the minutes M − 4 … M first.
public struct ChargeRate: Hashable, Sendable {
    /// The newest minute in which a charge was counted, Unix time ÷ 60.
    public private(set) var minute: UInt64
    /// The counts of that minute and the four before it.
    public private(set) var newest: MinuteCounts

    /// Starts with what was counted up to a minute; as it stands, with a log that has no charges.
    public init(minute: UInt64 = 0, newest: MinuteCounts = MinuteCounts()) {
        self.minute = minute
        self.newest = newest
    }

    /// The counts before a charge that is logged at `time`.
    ///
    /// Throws ``ChargeRateError/minute(found:newest:)`` where a charge of a later minute was counted before.
    public func counts(at time: UInt64) throws(ChargeRateError) -> MinuteCounts {
        let found = time / 60
        guard found >= minute else { throw .minute(found: found, newest: minute) }
        return (0..<min(found - minute, 5)).reduce(newest) { counts, _ in counts.afterOneMinute() }
    }

    /// Counts charges that are logged at `time`.
    ///
    /// Throws ``ChargeRateError/minute(found:newest:)``, and counts nothing, where one of a later minute was counted
    /// before.
    public mutating func count(_ charges: UInt64 = 1, at time: UInt64) throws(ChargeRateError) {
        newest = try counts(at: time).adding(charges)
        minute = time / 60
    }
}
