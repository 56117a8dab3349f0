import Channels
import Logging
import Primitives

/// Begins to hold what a node is assigned to, and lets go of what others have taken over.
struct ShardKeeper: Sendable {
    /// The most events of one transaction that deletes.
    private static let portion = 256

    let core: NodeCore

    /// Runs until the task is cancelled.
    func run() async {
        while !Task.isCancelled {
            do {
                try await advance()
            } catch {
                core.logger.error("shards could not change hands", metadata: ["error": "\(error)"])
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            await core.shardsWanted.wait()
        }
    }

    /// Does what is due now.
    func advance() async throws {
        let duty = core.holdings.duty(holding: await core.store.survey())
        if !duty.taken.isEmpty {
            let before = await core.store.held
            try await core.store.take(duty.taken)
            let taken = Set(await core.store.held).subtracting(before)
            if !taken.isEmpty {
                core.logger.info("shards are held from now on", metadata: ["shards": "\(Self.text(taken))"])
                core.registryChanged.fire()
            }
        }
        for released in duty.released where try await core.store.letGo(released) {
            core.logger.info(
                "a shard was handed over: every node that is assigned to it has proved to hold the same",
                metadata: ["shard": "\(released.shard)", "shard.events": "\(released.state.count)"])
        }
        while !Task.isCancelled, try await core.store.evict(limit: Self.portion) > 0 {}
        // What was left of a shard is gone: it may be wanted again.
        let next = core.holdings.duty(holding: await core.store.survey())
        if next.taken != duty.taken || !duty.released.isEmpty, !next.taken.isEmpty { core.shardsWanted.fire() }
    }

    private static func text(_ shards: Set<Shard>) -> String {
        shards.sorted().map(\.description).joined(separator: " ")
    }
}

extension NodeCore {
    /// Assigns shards anew, by the nodes that are known and the epoch's stakes.
    func assignShards() {
        let stakes = members.isEmpty ? registry.all.map(\.candidate) : members
        let map = ShardMap(rules.sharding, logID: rules.logID, nodes: stakes)
        guard map != holdings.map else { return }
        holdings.assign(map)
        shardsWanted.fire()
        registryChanged.fire()
    }
}

extension RegisteredNode {
    /// It, with the stake that it was registered with.
    fileprivate var candidate: WeightedRendezvous.Candidate {
        WeightedRendezvous.Candidate(number: number, weight: registration.stake)
    }
}
