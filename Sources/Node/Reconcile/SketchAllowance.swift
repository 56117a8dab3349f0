import Synchronization

/// How many sketches a node makes for each of its peers in a period.
///
/// A sketch under a new key is made of every id that is held, so a peer that names another key in each comparison would have a
/// node walk through its whole set each time. An honest one keeps its key while it runs.
final class SketchAllowance: Sendable {
    private struct Spent {
        var count = 0
        var since: Duration
    }

    private let most: Int
    private let period: Duration
    private let now: @Sendable () -> Duration
    private let spent = Mutex<[UInt32: Spent]>([:])

    /// `now` is any time that never goes back.
    init(most: Int, period: Duration, now: @escaping @Sendable () -> Duration = FetchClaims.uptime) {
        self.most = most
        self.period = period
        self.now = now
    }

    /// Takes one sketch for a registered peer; `false` where it had as many as it may have for now.
    func spend(for peer: UInt32) -> Bool {
        let now = now()
        return spent.withLock { spent in
            var of = spent[peer] ?? Spent(since: now)
            if now - of.since >= period { of = Spent(since: now) }
            guard of.count < most else { return false }
            of.count += 1
            spent[peer] = of
            return true
        }
    }
}
