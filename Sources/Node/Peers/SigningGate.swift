import Logging
import Synchronization

/// Holds back a node's first signature until its peers were asked for its own chain.
///
/// A node whose disk was restored from an older copy would sign a second event on a sequence otherwise. The wait is
/// bounded: who can't be reached can't be asked.
final class SigningGate: Sendable {
    private struct State {
        var isOpen = false
        var heard: Set<UInt32> = []
        var deadline: ContinuousClock.Instant?
    }

    private let timeout: Duration
    private let logger: Logger
    private let state = Mutex(State())

    init(timeout: Duration, logger: Logger) {
        self.timeout = timeout
        self.logger = logger
    }

    /// A peer was asked for this node's chain, and what it knew of it has been fetched.
    func heard(from peer: UInt32) { state.withLock { _ = $0.heard.insert(peer) } }

    /// Waits until all `peers` were heard or the time is over.
    func pass(peers: [UInt32]) async {
        let clock = ContinuousClock()
        while !Task.isCancelled {
            let isOpen = state.withLock { state in
                if state.isOpen { return true }
                let deadline = state.deadline ?? clock.now + timeout
                state.deadline = deadline
                let isTimeOver = clock.now >= deadline
                guard peers.allSatisfy(state.heard.contains) || isTimeOver else { return false }
                state.isOpen = true
                if !peers.isEmpty, state.heard.isEmpty {
                    logger.warning(
                        "no peer could be asked for this node's own chain before its first signature",
                        metadata: ["peers.count": "\(peers.count)"])
                }
                return true
            }
            if isOpen { return }
            try? await Task.sleep(for: .milliseconds(5))
        }
    }
}
