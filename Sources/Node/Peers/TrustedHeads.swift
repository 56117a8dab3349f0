import Channels
import Synchronization

/// Heads whose signature was found good: many receipts share one.
final class TrustedHeads: Sendable {
    private struct State {
        var keys: KeyHistory
        var checked: RecentSet<SignedHead>
        var watch: HeadWatch
        var evidence: HeadEvidence?
    }

    private let limit: Int
    private let state: Mutex<State>

    init(_ keys: KeyHistory, limit: Int) {
        self.limit = limit
        state = Mutex(State(keys: keys, checked: RecentSet(limit: limit), watch: HeadWatch(limit: limit)))
    }

    /// What the log key signed and can't both be so, where that was noticed since the last time.
    func takeEvidence() -> HeadEvidence? { state.withLock { $0.evidence.take() } }

    /// Whether the log key of its size signed a head. Only good ones are remembered, so nobody can fill the memory.
    func isTrusted(_ head: SignedHead) -> Bool {
        let (keys, isChecked) = state.withLock { ($0.keys, $0.checked.contains(head)) }
        if isChecked { return true }
        guard keys.hasSigned(head) else { return false }
        state.withLock { state in
            guard state.keys == keys else { return }
            state.checked.insert(head)
            // A history that the log gave up, and says so, contradicts nothing.
            guard keys.rollbacks.withdrawing(head.head) == nil else { return }
            if let found = state.watch.see(head) { state.evidence = found }
        }
        return true
    }

    /// Whether the log key in force signed a notice of seals.
    func isTrusted(_ seal: SignedSealNotice) -> Bool {
        let keys = state.withLock { $0.keys }
        return keys.isInForce(at: seal.notice.size) && keys.hasSigned(seal)
    }

    /// Whether a trusted head is of the log key in force, so that it can say what time it is.
    func isCurrent(_ head: SignedHead) -> Bool { state.withLock { $0.keys }.isInForce(at: head.head.size) }

    /// Takes in a longer history of keys. What was found good under a shorter one is judged again: a key that was rotated
    /// away may have signed it since.
    func learn(_ keys: KeyHistory) {
        state.withLock { state in
            guard keys != state.keys, keys.continues(state.keys) else { return }
            state = State(keys: keys, checked: RecentSet(limit: limit), watch: HeadWatch(limit: limit))
        }
    }
}
