import Channels
import Logging
import Synchronization

/// Holds back a node's first signature until its peers were asked for its own chain.
///
/// A node whose disk was restored from an older copy would sign a second event on a sequence otherwise. The wait is
/// bounded: who can't be reached can't be asked. What a peer has shown is never forgotten while the node runs: an own
/// event, signed by the own key, that is not held yet. While peers say that they serve another process with the node's key,
/// nothing is signed either.
final class SigningGate: Sendable {
    private struct State {
        var isOpen = false
        var heard: Set<UInt32> = []
        var deadline: ContinuousClock.Instant?
        var proven: [Shard: UInt64] = [:]
        var mark: UInt64
        var doubt = TwinDoubt()
    }

    private let timeout: Duration
    private let logger: Logger
    private let state: Mutex<State>

    /// `mark` is the own sequence up to which a repair of the store may have lost what was signed: while there is a peer that was
    /// not asked, it counts as shown.
    init(timeout: Duration, mark: UInt64 = 0, logger: Logger) {
        self.timeout = timeout
        self.logger = logger
        state = Mutex(State(mark: mark))
    }

    /// The highest sequence of an own event in a shard that somebody has shown, or may have seen.
    func proven(in shard: Shard) -> UInt64 { state.withLock { max($0.proven[shard] ?? 0, $0.mark) } }

    /// A peer was asked for this node's chain, and has shown what it said.
    func heard(from peer: UInt32) {
        state.withLock { state in
            state.heard.insert(peer)
            state.doubt.isServed(by: peer, now: .now)
        }
    }

    /// A connection to a peer ended, or was not made, perhaps because the peer serves another process with this node's key.
    func connectionEnded(with peer: UInt32, _ failure: any Error) {
        let place: String? = state.withLock { state in
            state.doubt.ended(with: peer, failure, now: .now) ? state.doubt.place : nil
        }
        guard let place else { return }
        logger.warning(
            "peers serve another process with this node's key, nothing is signed until that ends",
            metadata: ["twin": "\(place)"])
    }

    /// Throws once peers have said for so long that they serve another process and nothing was signed here yet.
    ///
    /// A node that has signed goes on and waits: the other one is to blame, or the peers are.
    func watch(_ number: UInt32, patience: Duration) async throws {
        while true {
            try await Task.sleep(for: min(patience / 8, .seconds(1)))
            let place: String? = state.withLock { state in
                guard !state.isOpen, let since = state.doubt.since, ContinuousClock.now - since > patience else {
                    return nil
                }
                return state.doubt.place
            }
            if let place { throw NodeError.keyInUse(node: number, place: place) }
        }
    }

    /// Somebody has shown an own event with a good signature.
    func prove(_ place: EventPlace) {
        state.withLock { $0.proven[place.shard] = max($0.proven[place.shard] ?? 0, place.sequence) }
    }

    /// Waits until all `peers` were heard and the own chains reach what they have shown, by shard, and in every shard what they may
    /// have seen, as `isWhole` finds, or the time is over; `false` where by then another process may be signing.
    ///
    /// Where the chain is still behind afterwards, the store refuses to sign.
    func pass(peers: [UInt32], isWhole: ([Shard: UInt64], UInt64) async -> Bool) async -> Bool {
        let clock = ContinuousClock()
        let healed = clock.now + timeout
        while !Task.isCancelled {
            if isDoubted {
                if clock.now >= healed { return false }
            } else if hasHeard(peers, now: clock.now) {
                let (proven, mark) = state.withLock { ($0.proven, $0.mark) }
                if proven.isEmpty && mark == 0 || clock.now >= healed { return true }
                if await isWhole(proven, mark) { return true }
            }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    /// Whether another process may be signing with this node's key.
    var isDoubted: Bool { state.withLock { $0.doubt.since != nil } }

    private func hasHeard(_ peers: [UInt32], now: ContinuousClock.Instant) -> Bool {
        state.withLock { state in
            // What every peer was asked for and none has shown, nobody has seen.
            if peers.allSatisfy(state.heard.contains) { state.mark = 0 }
            if state.isOpen { return true }
            let deadline = state.deadline ?? now + timeout
            state.deadline = deadline
            guard peers.allSatisfy(state.heard.contains) || now >= deadline else { return false }
            state.isOpen = true
            if !peers.isEmpty, state.heard.isEmpty {
                logger.warning(
                    "no peer could be asked for this node's own chain before its first signature",
                    metadata: ["peers.count": "\(peers.count)"]
                )
            }
            return true
        }
    }
}
