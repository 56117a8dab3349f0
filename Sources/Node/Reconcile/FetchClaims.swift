import Synchronization

/// What is being fetched, so that a node that heals from several peers asks only one of them for each event.
///
/// A claim is worth something for a bounded time: a peer that names events and does not serve them holds up nobody.
final class FetchClaims: Sendable {
    private let lifetime: Duration
    private let now: @Sendable () -> Duration
    private let claims = Mutex<[FetchTarget: Duration]>([:])

    /// `now` is any time that never goes back.
    init(lifetime: Duration, now: @escaping @Sendable () -> Duration = FetchClaims.uptime) {
        self.lifetime = lifetime
        self.now = now
    }

    /// The time since some moment before this process began.
    static let uptime: @Sendable () -> Duration = {
        let begin = ContinuousClock().now
        return { ContinuousClock().now - begin }
    }()

    /// Claims those of `targets` that nobody is fetching.
    func claim(_ targets: [FetchTarget]) -> [FetchTarget] {
        let now = now()
        return claims.withLock { claims in
            targets.filter { target in
                if let until = claims[target], until > now { return false }
                claims[target] = now + lifetime
                return true
            }
        }
    }

    /// Gives claims back: the events are here, or will not come.
    func release(_ targets: [FetchTarget]) {
        claims.withLock { claims in
            for target in targets { claims[target] = nil }
        }
    }
}
