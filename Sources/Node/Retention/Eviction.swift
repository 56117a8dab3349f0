import Channels
import Logging
import Primitives

/// Raises a node's floor when heads and seals say so, and deletes what lies below it, some at a time.
struct Eviction: Sendable {
    /// The most events of one transaction: whoever publishes meanwhile waits no longer than for that.
    private static let portion = 256

    let core: NodeCore

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await advance()
            } catch {
                core.logger.error("expired messages could not be dropped", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            await core.floorWanted.wait()
        }
    }

    /// Does what is due now.
    func advance() async throws {
        if let floor = await core.floorDue() {
            let (key, domain) = (core.configuration.key, core.domain)
            let checkpoints = try await core.store.raiseFloor(to: floor) { key.sign(domain.digest(of: $0.statement)) }
            core.logger.info(
                "expired messages are dropped",
                metadata: [
                    "floor": "\(floor)", "floor.days": "\(checkpoints.count)",
                    "floor.events": "\(checkpoints.reduce(0) { $0 + $1.count })",
                    "floor.bytes": "\(checkpoints.reduce(0) { $0 + $1.bytes })",
                ])
            core.counters.add(.eventsEvicted, by: Int(clamping: checkpoints.reduce(0) { $0 + $1.count }))
            core.counters.add(.bytesEvicted, by: Int(clamping: checkpoints.reduce(0) { $0 + $1.bytes }))
        }
        while !Task.isCancelled, try await core.store.evict(limit: Self.portion) > 0 {}
    }
}

extension NodeCore {
    /// The floor that follows from what this node has seen, where it is above the one that it has.
    func floorDue() async -> UTCDay? {
        guard let seal = await store.seal, let head = clock.newest else { return nil }
        let day = RetentionFloor.day(
            time: head.head.time, sealedThrough: seal.notice.epoch, configuration.genesis.epochs)
        return await day > store.floor ? day : nil
    }

    /// Takes in how far epochs are sealed.
    func learn(_ seal: SignedSealNotice) async throws {
        try await store.keep(seal: seal)
        floorWanted.fire()
    }
}
