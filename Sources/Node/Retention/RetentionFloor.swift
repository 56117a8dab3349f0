import Channels
import Primitives

/// The day before which nothing that has expired is held.
enum RetentionFloor {
    /// The floor that follows from what the log key has signed: the time of a head, and up to which epoch all are sealed.
    ///
    /// A message expires after the day on which it was paid for (a rule of admission), so one that expired before the first
    /// epoch that is not sealed began belongs to a sealed one: nothing unsealed is ever dropped, and every node that has seen
    /// the same has the same floor. A node's own clock has no part in it.
    static func day(time: UInt64, sealedThrough epoch: UInt64, _ clock: EpochClock) -> UTCDay {
        min(UTCDay(containing: time), UTCDay(containing: clock.beginning(of: epoch.addingClamped(1))))
    }
}

extension UInt64 {
    fileprivate func addingClamped(_ other: UInt64) -> UInt64 {
        let (sum, isBeyond) = addingReportingOverflow(other)
        return isBeyond ? .max : sum
    }
}
