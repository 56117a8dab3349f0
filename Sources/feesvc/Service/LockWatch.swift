import Logging
import ServiceLifecycle
import Storage

/// Watches the service's lock on the database. One that is lost with its connection is taken again; where another service
/// has taken the database over meanwhile, this one ends.
///
/// What is written in between is safe: each transaction checks the fencing token, which a successor counts up.
struct LockWatch: Service, CustomStringConvertible {
    let lock: AdvisoryLock
    let service: FeeService
    /// The service's own PostgreSQL, which nobody else starts again; `nil` where it has none.
    let cluster: PostgresCluster?
    let logger: Logger

    private static let period = Duration.seconds(5)
    /// How long the lock is tried to be taken again: a database that restarts needs a while.
    private static let patience = Duration.seconds(120)

    var description: String { "lock" }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown {
                while true {
                    try await lock.waitUntilLost(
                        ServiceStart.lockKey, checkingEvery: Self.period, clock: ContinuousClock())
                    logger.warning("the lock on the database was lost, trying to take it again")
                    try await takeAgain()
                    logger.info("the lock on the database is held again")
                }
            }
        } catch is CancellationError {
            return
        }
    }

    private func takeAgain() async throws {
        let clock = ContinuousClock()
        let deadline = clock.now + Self.patience
        while clock.now < deadline {
            if let cluster, !cluster.isRunning {
                logger.warning("the service's PostgreSQL has ended, starting it again")
                do {
                    try await cluster.start()
                } catch {
                    logger.error("PostgreSQL did not start", metadata: ["error": "\(error)"])
                }
            }
            // A database that is just coming back may take the lock and then fail the next question: that is asked again.
            if (try? await lock.tryAcquire(ServiceStart.lockKey)) == true,
                let isOurs = try? await service.holdsFence()
            {
                guard isOurs else { break }
                return
            }
            try await clock.sleep(for: .milliseconds(200))
        }
        throw OperatorError(
            "The lock on the database was lost, and another service runs on it or it did not come back; this one ends.")
    }
}
