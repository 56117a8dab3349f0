import Synchronization

/// Decides which of many tasks goes on, one at a time, so that a run with the same seed is the same run.
///
/// A task that takes part stops at ``pass(as:)`` wherever a network would take its time. ``next(_:)`` waits until all have
/// stopped or ended, lets one go on, and waits again.
final class Turnstile: Sendable {
    private struct State {
        var running = 0
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var idle: CheckedContinuation<Void, Never>?
        var isQuiet: Bool { running == 0 }
    }

    private let state = Mutex(State())

    /// A task begins; to be called by who starts it.
    func begin() { state.withLock { $0.running += 1 } }

    /// A task has ended.
    func end() { settle { $0.running -= 1 } }

    /// Stops until it is this task's turn.
    func pass(as task: Int) async {
        await withCheckedContinuation { continuation in
            settle { state in
                precondition(state.waiting[task] == nil, "a task stops at one place at a time")
                state.waiting[task] = continuation
                state.running -= 1
            }
        }
    }

    /// The tasks that could go on, ascending, once all have stopped.
    func stopped() async -> [Int] {
        await withCheckedContinuation { continuation in
            let isQuiet = state.withLock { state in
                if state.isQuiet { return true }
                state.idle = continuation
                return false
            }
            if isQuiet { continuation.resume() }
        }
        return state.withLock { $0.waiting.keys.sorted() }
    }

    /// Lets a task go on.
    func release(_ task: Int) {
        let continuation = state.withLock { state in
            state.running += 1
            return state.waiting.removeValue(forKey: task)
        }
        guard let continuation else { preconditionFailure("only who has stopped goes on") }
        continuation.resume()
    }

    private func settle(_ body: (inout State) -> Void) {
        let idle = state.withLock { state -> CheckedContinuation<Void, Never>? in
            body(&state)
            return state.isQuiet ? state.idle.take() : nil
        }
        idle?.resume()
    }
}
