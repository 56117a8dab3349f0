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
        for released in duty.released where core.maySurrender {
            guard try await core.store.letGo(released) else { continue }
            core.logger.info(
                "a shard was handed over: every node that is assigned to it has proved to hold the same",
                metadata: ["shard": "\(released.shard)", "shard.events": "\(released.state.count)"])
        }
        while !Task.isCancelled, try await core.store.evict(limit: Self.portion) > 0 {}
        // A shard that is wanted again was left out while something was left of it.
        if !core.holdings.duty(holding: await core.store.survey()).taken.isEmpty { core.shardsWanted.fire() }
    }

    private static func text(_ shards: Set<Shard>) -> String {
        shards.sorted().map(\.description).joined(separator: " ")
    }
}

extension NodeCore {
    /// Whether shards may be let go of: not while lists are due of what was held in the epoch before, by those who were assigned
    /// then, nor where the snapshot is of another epoch than the newest head: others may know another assignment by now.
    var maySurrender: Bool {
        if let epoch = membersEpoch, epoch != clock.newest?.head.epoch { return false }
        guard let head = clock.newest?.head, head.epoch > 1 else { return true }
        return head.time >= configuration.genesis.epochs.deliveryCut(of: head.epoch - 1)
    }

    /// Assigns shards anew, among the nodes of the epoch's snapshot.
    func assignShards() {
        let members = Set(members)
        let nodes = registry.all.filter { members.isEmpty || members.contains($0.number) }
        let map = ShardMap(configuration.genesis, nodes: nodes)
        guard map != holdings.map else { return }
        holdings.assign(map)
        shardsWanted.fire()
        registryChanged.fire()
    }
}
