import Primitives

/// A node's set as healing from one peer changes it.
struct HealedReplica: ReconcileReplica {
    let core: NodeCore
    let peer: UInt32

    var claims: FetchClaims { core.claims }

    func state() async throws -> SetState { await core.store.state() }

    func placeRanges() async throws -> Int { await core.store.placeRanges }

    func lacking(from places: [PlaceRange], limit: UInt64) async throws -> [PlaceRange] {
        await core.store.lacking(from: places, limit: limit)
    }

    func cells(_ key: SipHash, from first: Int, count: Int) async throws -> [SketchCell] {
        if let cells = await core.store.cells(key, from: first, count: count) { return cells }
        // Without cells trees are compared.
        guard core.sketching.spend(for: peer) else { return [] }
        return try await core.store.sketched(key, from: first, count: count)
    }

    func days() async throws -> [DayNode] { await core.store.days() }

    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        await core.store.tree(day: day, paths: paths)
    }

    func state(from floor: UTCDay) async throws -> SetState { await core.store.state(from: floor) }

    func needed(limit: Int) async throws -> [FetchTarget] { try await core.store.needed(limit: limit) }

    func unknown(_ targets: [FetchTarget]) async throws -> [FetchTarget] { try await core.store.unknown(targets) }

    func take(_ events: [WireEvent]) async throws -> Int { try await core.take(events, from: peer).taken }
}

extension EventStore {
    /// Cells of the sketch under a key, which is made first where there is none: outside of the store's queue, so that it goes
    /// on meanwhile.
    nonisolated func sketched(_ key: SipHash, from first: Int, count: Int) async throws -> [SketchCell] {
        if let cells = await cells(key, from: first, count: count) { return cells }
        let (ids, late) = await beginSketch()
        await finish(SetSketch(of: ids, key: key), late: late)
        return await cells(key, from: first, count: count) ?? []
    }
}
