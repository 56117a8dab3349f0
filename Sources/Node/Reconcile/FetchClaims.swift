import Primitives
import Synchronization

/// Which ids are being fetched, so that a node that heals from several peers asks only one of them for each event.
///
/// A claim is worth something for a bounded time: a peer that names events and does not serve them holds up nobody.
final class FetchClaims: Sendable {
    private let lifetime: Duration
    private let claims = Mutex<[Bytes32: ContinuousClock.Instant]>([:])

    init(lifetime: Duration) {
        self.lifetime = lifetime
    }

    /// Claims those of `ids` that nobody is fetching.
    func claim(_ ids: [Bytes32]) -> [Bytes32] {
        let now = ContinuousClock().now
        return claims.withLock { claims in
            ids.filter { id in
                if let until = claims[id], until > now { return false }
                claims[id] = now + lifetime
                return true
            }
        }
    }

    /// Gives claims back: the events are here, or will not come.
    func release(_ ids: [Bytes32]) {
        claims.withLock { claims in
            for id in ids { claims[id] = nil }
        }
    }
}
