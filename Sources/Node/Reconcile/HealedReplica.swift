import Channels
import Primitives

/// A node's set of a shard as healing from one peer changes it.
struct HealedReplica: ReconcileReplica {
    let core: NodeCore
    let peer: UInt32
    let shard: Shard

    var sharding: Sharding { core.rules.sharding }
    var claims: FetchClaims { core.claims }

    func state() async throws -> SetState { await core.store.state(of: shard) }

    func placeRanges() async throws -> Int { await core.store.placeRanges(of: shard) }

    func lacking(from places: [PlaceRange], limit: UInt64) async throws -> [PlaceRange] {
        await core.store.lacking(from: places, in: shard, limit: limit)
    }

    func cells(_ key: SipHash, from first: Int, count: Int) async throws -> [SketchCell] {
        if let cells = await core.store.cells(key, of: shard, from: first, count: count) { return cells }
        // Without cells trees are compared.
        guard core.sketching.spend(for: peer) else { return [] }
        return try await core.store.sketched(key, of: shard, from: first, count: count)
    }

    func days() async throws -> [DayNode] { await core.store.days(of: shard) }

    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        await core.store.tree(of: shard, day: day, paths: paths)
    }

    func state(from floor: UTCDay) async throws -> SetState { await core.store.state(of: shard, from: floor) }

    func needed(limit: Int) async throws -> [FetchTarget] { try await core.store.needed(limit: limit) }

    func unknown(_ targets: [FetchTarget]) async throws -> [FetchTarget] { try await core.store.unknown(targets) }

    func take(_ events: [WireEvent]) async throws -> Int {
        core.counters.add(.fetches)
        core.counters.add(.eventsFetched, by: events.count)
        return try await core.take(events, from: peer).taken
    }
}

extension EventStore {
    /// Cells of a shard's sketch under a key, which is made first where there is none: outside of the store's queue, so that it
    /// goes on meanwhile.
    nonisolated func sketched(
        _ key: SipHash, of shard: Shard, from first: Int, count: Int
    ) async throws -> [SketchCell] {
        if let cells = await cells(key, of: shard, from: first, count: count) { return cells }
        guard let start = await beginSketch(of: shard) else { return [] }
        let sketch = SetSketch(of: start.ids, key: key, cells: SetSketch.cellsKept(of: sharding))
        await finish(sketch, of: shard, from: start)
        return await cells(key, of: shard, from: first, count: count) ?? []
    }
}
