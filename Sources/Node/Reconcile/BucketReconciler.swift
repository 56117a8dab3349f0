import Primitives

/// Compares count and set root of each epoch, then the id lists of the epochs that differ.
///
/// Roots are SHA-256 over all ids, so equal roots are equal sets, whoever chose the ids. A quiet week costs one answer
/// of 48 bytes an epoch; an epoch that differs costs 32 bytes an event of the peer.
struct BucketReconciler: Reconciler {
    /// The most pages of one epoch in one session: 67 million ids.
    private static let pagesMax: UInt64 = 1_024

    /// The most ids of one fetch.
    let fetchMax: Int

    init(fetchMax: Int = PeerQuestion.eventsMax) {
        self.fetchMax = fetchMax
    }

    func reconcile(_ replica: any ReconcileReplica, with source: any ReconcileSource) async throws -> Bool {
        let theirs = try await source.summary()
        let ours = try await replica.summary()
        guard theirs != ours else { return true }
        let own = Dictionary(ours.map { ($0.epoch, $0) }, uniquingKeysWith: { first, _ in first })
        var hasAsked = false
        for bucket in theirs where own[bucket.epoch] != bucket {
            if try await heal(bucket, replica, source) { hasAsked = true }
        }
        guard hasAsked else { return false }
        return try await source.summary() == replica.summary()
    }

    func fetchAncestors(for replica: any ReconcileReplica, from source: any ReconcileSource) async throws {
        var plan = FetchPlan()
        try await carryOut(&plan, replica, source)
    }

    /// Heals one epoch, page by page; pages and pages' sizes are bounded by what the peer's own count says.
    private func heal(
        _ bucket: BucketSummary,
        _ replica: any ReconcileReplica,
        _ source: any ReconcileSource
    ) async throws -> Bool {
        var hasAsked = false
        var after = Bytes32.zero
        for _ in 0...min(bucket.count / UInt64(PeerAnswer.idsMax) + 1, Self.pagesMax) {
            let page = try await source.ids(epoch: bucket.epoch, after: after)
            guard let last = page.ids.last else { break }
            guard let first = page.ids.first, after < first else { throw PeerFailure.malformed(.field("ids")) }
            let wanted = try await replica.wanted(from: page.ids, epoch: bucket.epoch)
            if !wanted.isEmpty {
                hasAsked = true
                var plan = FetchPlan(wanted: wanted)
                try await carryOut(&plan, replica, source)
            }
            guard page.more else { break }
            after = last
        }
        return hasAsked
    }

    private func carryOut(
        _ plan: inout FetchPlan,
        _ replica: any ReconcileReplica,
        _ source: any ReconcileSource
    ) async throws {
        while true {
            try Task.checkCancellation()
            let needed = try await replica.needed(except: plan.asked, limit: fetchMax)
            let batch = plan.next(needed: needed, limit: fetchMax)
            if batch.isEmpty {
                let deferred = plan.takeDeferred()
                guard !deferred.isEmpty else { return }
                try await Task.sleep(for: .milliseconds(20))
                plan.want(try await replica.unknown(deferred))
                continue
            }
            let claimed = replica.claims.claim(batch)
            defer { replica.claims.release(claimed) }
            let mine = Set(claimed)
            plan.leave(batch.filter { !mine.contains($0) })
            // Another peer may have brought some since the list was made.
            let lacking = try await replica.unknown(claimed)
            guard !lacking.isEmpty else { continue }
            let asked = Set(lacking)
            // What was not asked for is not taken: a peer can't choose what a healing node spends its time on.
            let events = try await source.fetch(lacking).filter { asked.contains($0.id) }
            plan.answered(lacking, with: Set(events.map(\.id)))
            plan.dropped(try await replica.take(events))
        }
    }
}
