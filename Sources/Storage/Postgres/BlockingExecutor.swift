import Dispatch

/// Runs one actor's jobs on a serial queue of its own, so that they may block.
///
/// libpq waits for the socket inside its calls. A private serial queue has its own thread while it works, outside the
/// cooperative pool, whose threads (one a core) must never block.
final class BlockingExecutor: SerialExecutor {
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        // Holding self: the job may drop the last reference to its actor, and the actor the one to this executor.
        queue.async { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
