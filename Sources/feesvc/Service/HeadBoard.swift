import Channels
import ServiceLifecycle
import Synchronization

/// The newest signed head, and those who wait for a newer one.
final class HeadBoard: Sendable {
    private struct State {
        var end: ShownEnd
        var nextWaiter = 0
        var waiters: [Int: CheckedContinuation<Void, Never>] = [:]
    }

    /// The most requests that wait at once; further ones are answered with the head as it is.
    private static let waiterCountMax = 4_096

    private let state: Mutex<State>

    init(_ end: ShownEnd) {
        state = Mutex(State(end: end))
    }

    /// The newest head.
    var head: SignedHead { end.head }
    /// The newest head, with the journal's end of the same commit.
    var end: ShownEnd { state.withLock { $0.end } }

    /// Shows a newer head and wakes who waits for it.
    func show(_ end: ShownEnd) {
        let woken = state.withLock { state in
            state.end = end
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in woken { waiter.resume() }
    }

    /// Returns once a head is shown that is newer than size and time, or after `timeout`.
    func head(after size: UInt64, time: UInt64, timeout: Duration) async -> SignedHead {
        let isNewer: @Sendable (SignedHead) -> Bool = { $0.head.size > size || $0.head.time > time }
        guard !isNewer(head) else { return head }
        await withTaskGroup { group in
            group.addTask { await self.waitForNext(unless: isNewer) }
            group.addTask { try? await Task.sleep(for: timeout) }
            // A service that stops does not keep those waiting who wait for news.
            group.addTask { try? await gracefulShutdown() }
            await group.next()
            group.cancelAll()
        }
        return head
    }

    private func waitForNext(unless isNewer: @Sendable (SignedHead) -> Bool) async {
        let number = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    let isFull = state.waiters.count >= Self.waiterCountMax
                    guard !Task.isCancelled, !isFull, !isNewer(state.end.head) else { return false }
                    state.waiters[number] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiters.removeValue(forKey: number) }?.resume()
        }
    }
}
