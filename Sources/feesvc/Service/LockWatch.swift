import ServiceLifecycle
import Storage

/// Ends the service when its lock on the database is lost: another service may then take over.
struct LockWatch: Service, CustomStringConvertible {
    let lock: AdvisoryLock

    private static let period = Duration.seconds(5)

    var description: String { "lock" }

    func run() async throws {
        let lock = lock
        do {
            try await cancelWhenGracefulShutdown {
                try await lock.waitUntilLost(
                    ServiceStart.lockKey, checkingEvery: Self.period, clock: ContinuousClock())
            }
        } catch is CancellationError {
            return
        }
        guard !Task.isShuttingDownGracefully, !Task.isCancelled else { return }
        throw OperatorError("The lock on the database was lost, so another service may run on it; this one ends.")
    }
}
