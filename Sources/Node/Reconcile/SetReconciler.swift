import Primitives

/// Heals by comparing states, then finding differences in the way that costs least, then comparing again.
///
/// A state is a SHA-256 root, so equal states are equal sets, whoever chose the ids; places, sketches and trees only find what
/// to ask for. Where a peer lies in them, the next way is tried, and what it can waste is bounded.
struct SetReconciler: Reconciler {
    /// The most places that are fetched between two comparisons.
    private static let placesMax: UInt64 = 65_536
    /// The most ids that are looked for in trees between two comparisons.
    private static let idsMax = 65_536

    /// The most events of one fetch.
    let fetchMax: Int
    /// The most answers that are being checked and stored while the next is fetched; with 0 one is stored before the next is
    /// asked for.
    let takesMax: Int
    /// The ways of finding differences that are tried.
    let ways: Set<ReconcileSteps.Step>
    /// The most comparisons of one session; each but the last brought something.
    let roundsMax: Int

    init(
        fetchMax: Int = PeerQuestion.eventsMax, takesMax: Int = 2,
        ways: Set<ReconcileSteps.Step> = Set(ReconcileSteps.Step.allCases), roundsMax: Int = 4_096
    ) {
        self.fetchMax = fetchMax
        self.takesMax = takesMax
        self.ways = ways
        self.roundsMax = roundsMax
    }

    func reconcile(
        _ replica: any ReconcileReplica, with source: any ReconcileSource, isPatient: Bool
    ) async throws -> ReconcileOutcome {
        /// What the peer held when everything of it that was lacking was brought.
        var isWhole: SetState?
        for _ in 0..<roundsMax {
            let ours = try await replica.state()
            let theirs: SetState
            let key: SipHash
            switch try await source.compare(ours) {
            case .equal: return .equal
            case .absent: return .absent
            case .differs(let state, key: let sketchKey): (theirs, key) = (state, sketchKey)
            }
            if theirs.floor > ours.floor, try await replica.state(from: theirs.floor) == theirs { return .equal }
            if isWhole == theirs { return .ahead }
            let placeRanges = try await replica.placeRanges()
            // Of who has dropped less only the days that count are compared: places and sketches are of all that it holds.
            let allowed = theirs.floor < ours.floor ? ways.intersection([.tree]) : ways
            var steps = ReconcileSteps(ours: ours, theirs: theirs, placeRanges: placeRanges, allowed: allowed)
            var brought = Brought()
            while brought.taken == 0, let step = steps.next() {
                let finding = try await find(step, replica, source, ours: ours, theirs: theirs, key: key)
                guard !finding.targets.isEmpty else {
                    if finding.isAll || isPatient && step == .places && theirs.count < ours.count { return .ahead }
                    if theirs.floor < ours.floor { return .ahead }
                    continue
                }
                var plan = FetchPlan(wanted: finding.targets)
                brought = try await carryOut(&plan, replica, source)
                // Who names events and serves none of them is not asked in other ways for others; but what lay on places may
                // have expired, or given way, while this was asked.
                if brought.served == 0, step != .places { return .unequal }
                if finding.isAll, brought.taken >= finding.targets.count { isWhole = theirs }
            }
            guard brought.taken > 0 else { return .unequal }
        }
        return .unequal
    }

    func fetchAncestors(for replica: any ReconcileReplica, from source: any ReconcileSource) async throws {
        while true {
            let needed = try await replica.needed(limit: fetchMax)
            guard !needed.isEmpty else { return }
            var plan = FetchPlan(wanted: needed)
            guard try await carryOut(&plan, replica, source).taken > 0 else { return }
        }
    }

    /// What is worth asking for, and whether that is certainly all that the peer has and this node lacks.
    private struct Finding {
        var targets: [FetchTarget] = []
        var isAll = false
    }

    private func find(
        _ step: ReconcileSteps.Step, _ replica: any ReconcileReplica, _ source: any ReconcileSource, ours: SetState,
        theirs: SetState, key: SipHash
    ) async throws -> Finding {
        switch step {
        case .places:
            let lacking = try await replica.lacking(from: try await source.places(), limit: Self.placesMax)
            let places = lacking.flatMap { range in
                range.sequences.map {
                    EventPlace(originator: range.originator, shard: replica.shard, sequence: $0)
                }
            }
            return Finding(targets: places.map { .place($0) })
        case .sketch:
            let difference = max(ours.count, theirs.count) - min(ours.count, theirs.count)
            guard let ids = try await sketched(replica, source, key: key, difference: difference) else {
                return Finding()
            }
            return Finding(targets: try await replica.unknown(ids.map { .id($0) }), isAll: true)
        case .tree:
            let ids = try await TreeDescent(idsMax: Self.idsMax, floor: ours.floor).ids(replica, source)
            return Finding(targets: try await replica.unknown(ids.map { .id($0) }))
        }
    }

    /// What the peer alone holds, from sketches; `nil` where the difference is too large for them.
    private func sketched(
        _ replica: any ReconcileReplica, _ source: any ReconcileSource, key: SipHash, difference: UInt64
    ) async throws -> [Bytes32]? {
        var decoder = SketchDecoder(key: key)
        let kept = SetSketch.cellsKept(of: replica.sharding)
        while true {
            let portion = SketchGrowth.next(have: decoder.count, difference: difference, kept: kept)
            guard portion > 0 else { return nil }
            let theirs = try await source.cells(from: decoder.count, count: portion)
            guard theirs.count == portion else { return nil }
            let ours = try await replica.cells(key, from: decoder.count, count: portion)
            guard ours.count == portion else { return nil }
            decoder.append(theirs: theirs, ours: ours)
            switch decoder.outcome {
            case .unfinished: continue
            case .decoded: return decoder.theirs
            case .impossible: return nil
            }
        }
    }

    /// What a plan brought: events that this peer served or another meanwhile, and those of them that were admitted.
    private struct Brought {
        var served = 0
        var taken = 0
    }

    /// Fetches what a plan wants. While one answer is checked and stored the next is on its way.
    private func carryOut(
        _ plan: inout FetchPlan, _ replica: any ReconcileReplica, _ source: any ReconcileSource
    ) async throws -> Brought {
        try await withThrowingTaskGroup(of: Int.self) { group in
            var brought = Brought()
            var taking = 0
            while true {
                try Task.checkCancellation()
                if let events = try await fetch(&plan, replica, source, &brought) {
                    guard takesMax > 0 else {
                        if events.wires.isEmpty { plan.end() }
                        defer { replica.claims.release(events.claimed) }
                        brought.taken += try await replica.take(events.wires)
                        continue
                    }
                    if taking >= takesMax {
                        do {
                            brought.taken += try await group.next() ?? 0
                        } catch {
                            replica.claims.release(events.claimed)
                            throw error
                        }
                        taking -= 1
                    }
                    // Who names events and serves none is not asked for the rest of them.
                    if events.wires.isEmpty { plan.end() }
                    group.addTask {
                        defer { replica.claims.release(events.claimed) }
                        return try await replica.take(events.wires)
                    }
                    taking += 1
                } else if taking > 0 {
                    brought.taken += try await group.next() ?? 0
                    taking -= 1
                } else {
                    return brought
                }
            }
        }
    }

    /// What one question brought, and what is claimed until it is stored.
    private struct Fetched: Sendable {
        let wires: [WireEvent]
        let claimed: [FetchTarget]
    }

    /// Asks for the next part of a plan; `nil` where nothing of it is left, and nobody else is fetching any.
    private func fetch(
        _ plan: inout FetchPlan, _ replica: any ReconcileReplica, _ source: any ReconcileSource,
        _ brought: inout Brought
    ) async throws -> Fetched? {
        while true {
            let batch = plan.next(limit: fetchMax)
            if batch.isEmpty {
                let deferred = plan.takeDeferred()
                guard !deferred.isEmpty else { return nil }
                try await replica.pause()
                let unknown = try await replica.unknown(deferred)
                // What another peer brought meanwhile is brought.
                brought.served += deferred.count - unknown.count
                brought.taken += deferred.count - unknown.count
                plan.want(unknown)
                continue
            }
            let claimed = replica.claims.claim(batch)
            let mine = Set(claimed)
            plan.leave(batch.filter { !mine.contains($0) })
            do {
                // Another peer may have brought some since the list was made.
                let lacking = try await replica.unknown(claimed)
                guard !lacking.isEmpty else {
                    replica.claims.release(claimed)
                    continue
                }
                let asked = Set(lacking)
                // What was not asked for is not taken: a peer can't choose what a healing node spends its time on.
                let events = try await source.fetch(lacking)
                    .map { (wire: $0, targets: $0.targets(replica.sharding)) }.filter {
                        $0.targets.contains(where: asked.contains)
                    }
                let served = Set(events.flatMap(\.targets))
                plan.answered(lacking, with: served)
                brought.served += events.count
                // What was not served may be asked for by others at once; the rest when it is stored.
                replica.claims.release(claimed.filter { !served.contains($0) })
                return Fetched(wires: events.map(\.wire), claimed: claimed.filter(served.contains))
            } catch {
                replica.claims.release(claimed)
                throw error
            }
        }
    }
}
