import Synchronization

/// Wakes one waiting task; a signal that comes while nobody waits is kept, several are one.
final class Signal: Sendable {
    private struct State {
        var isFired = false
        var waiter: CheckedContinuation<Bool, Never>?
    }

    private let state = Mutex(State())

    /// Wakes the waiter, or the next one.
    func fire() {
        let waiter = state.withLock { state in
            state.isFired = state.waiter == nil
            return state.waiter.take()
        }
        waiter?.resume(returning: true)
    }

    /// Waits for the signal (`true`) or for cancellation. One task waits at a time.
    @discardableResult
    func wait() async -> Bool {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer: Bool? = state.withLock { state in
                    if state.isFired {
                        state.isFired = false
                        return true
                    }
                    if Task.isCancelled { return false }
                    precondition(state.waiter == nil, "one task waits for a signal")
                    state.waiter = continuation
                    return nil
                }
                if let answer { continuation.resume(returning: answer) }
            }
        } onCancel: {
            state.withLock { $0.waiter.take() }?.resume(returning: false)
        }
    }

    /// Waits at most so long; `true` where the signal came.
    func wait(atMost limit: Duration) async -> Bool {
        await withTaskGroup(of: Bool.self) { group in
            group.addTask { await self.wait() }
            group.addTask {
                try? await Task.sleep(for: limit)
                return false
            }
            // Both are awaited: a signal that comes while the limit passes is not lost.
            var isSignalled = false
            for await came in group {
                isSignalled = isSignalled || came
                group.cancelAll()
            }
            return isSignalled
        }
    }
}

/// Runs `body` for at most `limit`, then throws ``PeerFailure/timeout``.
func withDeadline<Result: Sendable>(
    _ limit: Duration,
    _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
        group.addTask { try await body() }
        group.addTask {
            try await Task.sleep(for: limit)
            return nil
        }
        defer { group.cancelAll() }
        guard let first = try await group.next(), let result = first else { throw PeerFailure.timeout }
        return result
    }
}
