import Synchronization

/// Wakes everybody who watches; what comes while somebody is busy is kept for it as one.
final class Watchers: Sendable {
    private struct State {
        var next = 0
        var watching: [Int: Signal] = [:]
    }

    private let state = Mutex(State())

    /// Begins to watch, until the watch is dropped.
    func watch() -> AdmissionWatch {
        let signal = Signal()
        let number = state.withLock { state in
            defer { state.next += 1 }
            state.watching[state.next] = signal
            return state.next
        }
        return AdmissionWatch(signal: signal) { [weak self] in self?.state.withLock { $0.watching[number] = nil } }
    }

    /// Wakes everybody.
    func fire() {
        for signal in state.withLock({ Array($0.watching.values) }) { signal.fire() }
    }
}

/// Somebody who waits for events to come to a node; one task waits at a time.
public final class AdmissionWatch: Sendable {
    private let signal: Signal
    private let end: @Sendable () -> Void

    init(signal: Signal, end: @escaping @Sendable () -> Void) {
        self.signal = signal
        self.end = end
    }

    deinit { end() }

    /// Waits at most so long; `true` where events have come since the last time.
    public func wait(atMost limit: Duration) async -> Bool { await signal.wait(atMost: limit) }
}
