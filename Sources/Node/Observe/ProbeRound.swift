import Channels
import Primitives

/// One midnight at which a node probes its peers.
struct ProbeRound: Hashable, Sendable {
    /// The day that the midnight begins.
    let day: UTCDay
    /// The epoch that it counts for: the one whose time, edge included, holds the midnight.
    let epoch: UInt64

    /// The epoch that a midnight counts for; `nil` up to the beginning of epoch 1.
    ///
    /// A midnight at an edge belongs to the epoch that ends there, so that an epoch of n days has n midnights.
    static func epoch(ofMidnight day: UTCDay, in clock: EpochClock) -> UInt64? {
        guard day.start > clock.start else { return nil }
        return (day.start - clock.start - 1) / clock.length + 1
    }
}

/// Which midnights are due, as a node's time goes on.
///
/// Rounds are due for the midnights that pass while the node runs: the first current head after a start only says where
/// it is.
struct ProbeSchedule: Hashable, Sendable {
    private let clock: EpochClock
    private let roundsDueMax: UInt32
    private var hasSeenHead = false
    private var target: UTCDay?
    /// The day up to which no round is due any more.
    private(set) var through: UTCDay?

    /// Starts where the store was left.
    init(clock: EpochClock, probedThrough: UTCDay?, roundsDueMax: UInt32) {
        self.clock = clock
        self.roundsDueMax = roundsDueMax
        through = probedThrough
    }

    /// Takes in the node's time, which never goes back.
    mutating func see(time: UInt64, isCurrent: Bool = true) {
        let day = UTCDay(containing: time)
        guard hasSeenHead else {
            guard isCurrent else { return }
            hasSeenHead = true
            through = max(through ?? day, day)
            target = through
            return
        }
        target = max(target ?? day, day)
    }

    /// The next round, oldest first; midnights that count for no epoch are passed over.
    mutating func next() -> ProbeRound? {
        guard hasSeenHead, let target, var day = through else { return nil }
        if target.number - min(day.number, target.number) > roundsDueMax {
            day = UTCDay(number: target.number - roundsDueMax)
        }
        while day < target {
            let midnight = day.next
            if let epoch = ProbeRound.epoch(ofMidnight: midnight, in: clock) {
                return ProbeRound(day: midnight, epoch: epoch)
            }
            day = midnight
            through = midnight
        }
        return nil
    }

    /// Takes in that a round is done.
    mutating func finish(_ round: ProbeRound) {
        through = max(through ?? round.day, round.day)
    }
}
