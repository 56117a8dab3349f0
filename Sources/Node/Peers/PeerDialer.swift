import Channels
import Logging
import Primitives

/// Keeps one connection to one peer, and asks over it: pushes what is new, compares and heals on a schedule.
struct PeerDialer: Sendable {
    let core: NodeCore
    let link: PeerLink

    /// Dials until the task is cancelled, with longer waits after each failure.
    func run() async {
        let seed = core.configuration.seed ^ UInt64(core.number) << 32 ^ UInt64(link.number)
        var backoff = Backoff(first: core.limits.redialFirst, cap: core.limits.redialCap, seed: seed)
        while !Task.isCancelled {
            do {
                try await connect(seed: seed)
            } catch {
                core.gate.connectionEnded(with: link.number, error)
                if !Task.isCancelled { core.noteEnd(of: link, error) }
            }
            if link.session != nil { backoff.reset() }
            link.disconnected()
            guard !Task.isCancelled else { return }
            _ = await link.dialWanted.wait(atMost: backoff.delay())
        }
    }

    private func connect(seed: UInt64) async throws {
        guard let endpoint = core.registry.endpoint(of: link.number) else { throw PeerFailure.unregistered }
        try await PeerConnection.run(to: endpoint, peer: link.number, limits: core.limits) { session in
            try await withDeadline(core.limits.handshakeTimeout) { try await core.handshake.ask(session) }
            link.log(link.connected(session), core.logger)
            try await converse(session, seed: seed)
        }
    }

    /// What goes on over a connection whose ends have proved themselves.
    private func converse(_ session: PeerSession, seed: UInt64) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await push(over: session) }
            group.addTask { try await heal(from: session, seed: seed) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Pushes at once when idle; what comes while a push is under way goes together.
    private func push(over session: PeerSession) async throws {
        while !Task.isCancelled {
            let batch = link.nextPush()
            if batch.isEmpty {
                await link.pushWaiting.wait()
            } else {
                do {
                    guard case .push(let results) = try await session.ask(.push(batch)) else { continue }
                    for result in results { core.counters.add(.eventsPushed, result.label) }
                } catch PeerFailure.refused {
                    // The peer's disk is full, perhaps: it heals once it can.
                    try await Task.sleep(for: core.limits.redialFirst)
                }
            }
        }
    }

    /// Asks for this node's own chain first, then compares sets on a jittered schedule; in between it fetches
    /// ancestors.
    private func heal(from session: PeerSession, seed: UInt64) async throws {
        let clock = ContinuousClock()
        var generator = SplitMix64(seed: seed &+ 1)
        try await core.hear(session, from: link.number)
        try await core.learn(try await session.news(), from: link.number)
        var timesAhead: [Shard: Int] = [:]
        link.log(link.compared(isEqual: try await compare(session, &timesAhead)), core.logger)
        while !Task.isCancelled {
            let period = core.configuration.reconcilePeriod * Double.random(in: 0.75...1.25, using: &generator)
            let next = clock.now + period
            while clock.now < next, !Task.isCancelled {
                if await link.ancestorsWanted.wait(atMost: next - clock.now) {
                    let any = Shard(number: 0)
                    try await core.reconciler.fetchAncestors(
                        for: HealedReplica(core: core, peer: link.number, shard: any), from: session.on(any))
                }
            }
            try Task.checkCancellation()
            link.log(link.compared(isEqual: try await compare(session, &timesAhead)), core.logger)
        }
    }

    /// One round over all shards.
    private func compare(_ session: PeerSession, _ timesAhead: inout [Shard: Int]) async throws -> Bool {
        do {
            let isEqual = try await core.heal(from: session, peer: link.number, timesAhead: &timesAhead) { shard in
                HealedReplica(core: core, peer: link.number, shard: shard)
            }
            // Who drops more has been told more by the service.
            if await session.floor > core.store.floor {
                try await core.learn(try await session.news(), from: link.number)
            }
            return isEqual
        } catch let failure as SQLiteFailure {
            core.counters.add(.reconciliations, "store_failed")
            core.logger.error("healing waits for the store", metadata: ["error": "\(failure)"])
            return false
        }
    }
}
