import Channels
import Primitives
import Synchronization

@testable import Node

/// How a run goes and what has to hold at its end.
extension World {
    /// Runs the scenario, heals everything, and returns what does not hold.
    func run() async throws -> [String] {
        if scenario.sharding.replication > 0 { elect() }
        for node in nodes { try await start(node) }
        try await withThrowingDiscardingTaskGroup { group in
            for _ in 0..<scenario.steps { try await step(&group) }
            try await finish(&group)
        }
        try await recover()
        var rounds = 0
        while try await !areEqual(), rounds < 2 * nodes.count + 2 {
            rounds += 1
            try await healAll()
        }
        var faults = try await faults() + state.withLock { $0.violations }
        if let most = scenario.rounds, rounds > most { faults.append("it took \(rounds) rounds") }
        for node in nodes { await node.stop() }
        return faults
    }

    /// Lets every task that is under way come to its end.
    private func finish(_ group: inout ThrowingDiscardingTaskGroup<any Error>) async throws {
        while true {
            tick()
            guard let task = await turnstile.stopped().first else { return }
            turnstile.release(task)
        }
    }

    /// Every node is up, the network whole, and the service heard by all honest nodes.
    private func recover() async throws {
        // Shards are not let go of while lists of an epoch are due.
        let clock = network.log.genesis.epochs
        state.withLock { state in
            let epoch = (state.time - TestLog.start) / TestLog.epochSeconds + 1
            if epoch > 1 { state.time = max(state.time, clock.deliveryCut(of: epoch - 1)) }
        }
        if scenario.sharding.replication > 0 { network.log.setTime(state.withLock { $0.time }) }
        state.withLock { $0.groups = [:] }
        for node in nodes {
            node.calm()
            await node.bury()
            if node.node == nil { try await start(node) }
        }
        for node in honest { try await tell(node) }
        for node in honest where try await node.node?.core.store.evict(limit: 1_000_000) ?? 0 > 0 {
            note("evicts \(node.number)")
        }
    }

    /// Every node talks to every other once.
    private func healAll() async throws {
        for from in honest {
            for to in nodes where to.number != from.number {
                try await withThrowingDiscardingTaskGroup { group in
                    start(from, to, isPatient: false, &group)
                    try await finish(&group)
                }
            }
        }
    }

    private func areEqual() async throws -> Bool {
        guard scenario.sharding.replication == 0 else { return try await areHandedOver() }
        var states: Set<SetState> = []
        for node in honest { if let core = node.node?.core { states.insert(await core.store.state()) } }
        return states.count <= 1
    }

    private func faults() async throws -> [String] {
        var faults: [String] = []
        if try await !areEqual() { faults.append("honest nodes differ") }
        guard scenario.sharding.replication == 0 else { return try await faults + shardFaults() }
        let (acknowledged, ordered, deleted) = state.withLock { ($0.acknowledged, $0.ordered, $0.deleted) }
        var pages: [[StoredMessage]] = []
        for place in honest {
            guard let node = place.node else {
                faults.append("node \(place.number) is down")
                continue
            }
            for fault in try await node.core.check() { faults.append("node \(place.number): \(fault)") }
            let floor = await node.status().floor
            var page: [StoredMessage] = []
            for owner in Self.owners {
                page += await node.messages(in: Topic(owner: owner.address, salt: .zero).id)
                for topic in ClosedCrowd.topics(of: owner) { page += await node.messages(in: topic.id) }
            }
            faults += closedFaults(page, place.number)
            let shown = Set(page.map(\.charge))
            for message in acknowledged where message.envelope.head.expiryDay >= floor {
                if deleted.contains(message.charge) {
                    if shown.contains(message.charge) {
                        faults.append("charge \(message.charge) is shown, and deleted")
                    }
                } else if !shown.contains(message.charge), !ordered.contains(message.charge) {
                    faults.append("charge \(message.charge) was acknowledged and is lost at node \(place.number)")
                }
            }
            if page.contains(where: { $0.envelope.head.expiryDay < floor }) { faults.append("what expired is shown") }
            pages.append(page)
            for pair in try await node.core.store.evidencePairs() where pair != forger {
                faults.append("honest node \(pair) is accused")
            }
        }
        if Set(pages).count > 1 { faults.append("honest nodes show different pages") }
        return faults
    }
}

extension EventStore {
    /// Whose contradictions are kept.
    fileprivate func evidencePairs() throws -> [UInt32] {
        try database.rows("SELECT DISTINCT originator FROM evidence") { row throws(SQLiteFailure) in try row.node(0) }
    }
}
