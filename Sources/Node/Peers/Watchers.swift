import Synchronization

/// Wakes everybody who watches; what comes while somebody is busy is kept for it as one.
final class Watchers: Sendable {
    private struct State {
        var next = 0
        var watching: [Int: AsyncStream<Void>.Continuation] = [:]
    }

    private let state = Mutex(State())

    /// A stream that yields after each call of ``fire()``, until whoever reads it stops.
    func watch() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            defer { state.next += 1 }
            state.watching[state.next] = continuation
            return state.next
        }
        continuation.onTermination = { [weak self] _ in self?.state.withLock { $0.watching[number] = nil } }
        return stream
    }

    /// Wakes everybody.
    func fire() {
        for continuation in state.withLock({ Array($0.watching.values) }) { continuation.yield() }
    }
}
