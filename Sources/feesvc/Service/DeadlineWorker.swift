import Channels
import Logging
import Rewards
import ServiceLifecycle
import Storage

/// Does what falls due while no request comes, and walks ended epochs to their seal. On a manual clock, acts do that.
struct DeadlineWorker: Service, CustomStringConvertible {
    let service: FeeService
    let collector: StatementCollector
    let logger: Logger

    private static let period = Duration.seconds(1)
    /// How many periods pass between two rounds of asking nodes.
    private static let periodsBetweenRounds = 10
    /// Seconds after an edge in which nodes finish their last probes.
    private static let lateWindow: UInt64 = 30

    var description: String { "deadlines" }

    func run() async throws {
        var period = 0
        while !Task.isShuttingDownGracefully, !Task.isCancelled {
            period += 1
            if !service.clock.isManual {
                do {
                    try await service.doWhatIsDue()
                    if period.isMultiple(of: Self.periodsBetweenRounds) { try await walkEpochs() }
                } catch {
                    logger.error("deadline failed, will be tried again", metadata: ["error": "\(error)"])
                }
            }
            try? await cancelWhenGracefulShutdown { try await Task.sleep(for: Self.period) }
        }
    }

    private func walkEpochs() async throws {
        let now = service.clock.now
        let clock = service.genesis.epochs
        for epoch in try await service.read({ try await EpochStore($0).all() }) where epoch.endIndex != nil {
            let lead = min(600, clock.length / 8)
            if epoch.cutIndex == nil, now + lead >= clock.deliveryCut(of: epoch.number) {
                try await collector.collectDelivered(of: epoch.number)
            }
            if epoch.result == nil, now >= clock.edge(of: epoch.number) + min(Self.lateWindow, clock.length / 8) {
                try await collector.collectObservations(of: epoch.number)
                let result = try await service.seal(epoch.number)
                logger.info(
                    "epoch sealed",
                    metadata: ["epoch": "\(epoch.number)", "pool": "\(result.pool)", "root": "\(result.root)"])
            }
        }
    }
}
