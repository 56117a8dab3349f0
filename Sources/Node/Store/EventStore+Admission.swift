import Channels
import Primitives

/// What became of a batch of events from a peer.
struct AdmissionReport: Sendable {
    /// One result for each event of the batch.
    var results: [PeerAnswer.PushResult] = []
    /// What was admitted, released orphans among it, in the order of admission.
    var admitted: [WireEvent] = []
    /// What was refused, and why.
    var refusals: [(id: Bytes32, refusal: EventRefusal)] = []
    /// Events that the full pool had no room for, with their place in their chain.
    var dropped: [(sequence: UInt64, id: Bytes32)] = []
    /// Whether events wait for ancestors that nobody has brought.
    var isLackingAncestors = false
    /// How many events of the batch were admitted, or wait.
    var taken: Int { results.count { $0 == .new || $0 == .waits } }
}

extension EventStore {
    /// What is already known of an id; `nil` where it has to be looked at.
    func result(of ids: [Bytes32]) throws(SQLiteFailure) -> [PeerAnswer.PushResult?] {
        var results: [PeerAnswer.PushResult?] = []
        for id in ids {
            if pool.contains(id) {
                results.append(.waits)
            } else if refused.contains(id) {
                results.append(.refused)
            } else {
                results.append(try isHeld(id) ? .known : nil)
            }
        }
        return results
    }

    /// Admits checked events, and what waited for them, in one durable transaction.
    func admit(_ batch: [CheckedEvent], from source: UInt32?, head: SignedHead?) throws(SQLiteFailure)
        -> AdmissionReport
    {
        var report = AdmissionReport()
        var additions: [StoreIndex.Addition] = []
        try transaction { () throws(SQLiteFailure) in
            try keep(head)
            var counters = ServedCounters()
            for checked in batch {
                let result = try place(
                    OrphanPool.Orphan(checked: checked, source: source),
                    &report,
                    &additions,
                    &counters
                )
                report.results.append(result)
            }
            try add(counters)
        }
        index.add(additions)
        report.isLackingAncestors = !pool.absent.isEmpty
        return report
    }

    /// Places one event and then, one after another, all that its admission releases.
    private func place(
        _ first: OrphanPool.Orphan,
        _ report: inout AdmissionReport,
        _ additions: inout [StoreIndex.Addition],
        _ counters: inout ServedCounters
    ) throws(SQLiteFailure) -> PeerAnswer.PushResult {
        var result: PeerAnswer.PushResult?
        var queue = [first]
        while let orphan = queue.popLast() {
            let outcome = try placeOne(orphan, &report, &additions)
            result = result ?? outcome
            guard outcome == .new else { continue }
            counters.count(orphan)
            queue.append(contentsOf: pool.resolve(orphan.checked.id).reversed())
        }
        return result ?? .refused
    }

    private func placeOne(
        _ orphan: OrphanPool.Orphan,
        _ report: inout AdmissionReport,
        _ additions: inout [StoreIndex.Addition]
    ) throws(SQLiteFailure) -> PeerAnswer.PushResult {
        let checked = orphan.checked
        if try isHeld(checked.id) { return .known }
        if pool.contains(checked.id) { return .waits }
        let depth: UInt64
        switch try Placement.of(checked.event, vertex: { id throws(SQLiteFailure) in try vertex(id) }) {
        case .refused(let refusal): return refuse(checked.id, refusal, &report)
        case .waits(let missing):
            for ancestor in missing where refused.contains(ancestor) {
                return refuse(checked.id, .refusedAncestor, &report)
            }
            report.dropped += pool.insert(orphan, missing: missing)
            return .waits
        case .ready(let found): depth = found
        }
        let sameCharge = try events(ofCharge: checked.charge.number)
        if let held = sameCharge.first(where: { $0.originator == checked.event.originator }) {
            try keepEvidence(checked.signed, against: held.id)
            return refuse(
                checked.id,
                .chargeAgain(charge: checked.charge.number, held: held.id),
                &report
            )
        }
        let rival = try event(of: checked.event.originator, at: checked.event.sequence)
        additions.append(try insert(checked, depth: depth, isMessage: sameCharge.isEmpty, acknowledged: nil))
        report.admitted.append(checked.wire)
        guard let rival else { return .new }
        // The chain refuses it, and both are evidence. It stays a vertex all the same: honest nodes that saw it first
        // link to it, and without it their events could never be admitted here.
        try keepEvidence(checked.signed, against: rival)
        report.refusals.append((checked.id, .secondOnSequence(sequence: checked.event.sequence, held: rival)))
        return .new
    }

    private func refuse(
        _ id: Bytes32,
        _ refusal: EventRefusal,
        _ report: inout AdmissionReport
    ) -> PeerAnswer.PushResult {
        report.refusals.append((id, refusal))
        refused.insert(id)
        for dependent in pool.drop(dependentsOf: id) {
            report.refusals.append((dependent, .refusedAncestor))
            refused.insert(dependent)
        }
        return .refused
    }

    /// Remembers ids whose own bytes decided against them.
    func remember(refused ids: [Bytes32]) {
        for id in ids {
            refused.insert(id)
            for dependent in pool.drop(dependentsOf: id) { refused.insert(dependent) }
        }
    }
}
