import Channels
import Primitives

/// What became of a batch of events from a peer.
struct AdmissionReport: Sendable {
    /// One result for each event of the batch.
    var results: [PeerAnswer.PushResult] = []
    /// What was admitted, in that order: events, and deletions of those that were held.
    var admitted: [WireEvent] = []
    /// What was refused or contradicts something that is held, and why.
    var refusals: [(id: Bytes32, refusal: EventRefusal)] = []
    /// Whether events came without their ancestors.
    var isLackingAncestors = false
    /// How many events of the batch were admitted.
    var taken: Int { results.count { $0 == .new } }
}

extension EventStore {
    /// What is already known of an id; `nil` where it has to be looked at.
    func result(of ids: [Bytes32]) throws(SQLiteFailure) -> [PeerAnswer.PushResult?] {
        var results: [PeerAnswer.PushResult?] = []
        for id in ids { results.append(refused.contains(id) ? .refused : try isHeld(id) ? .known : nil) }
        return results
    }

    /// Does several callers' work in one transaction, durable when this returns.
    func commit(_ jobs: [StoreJob]) throws(SQLiteFailure) -> [StoreReport] {
        var changes = StoreChanges()
        let reports = try transaction { () throws(SQLiteFailure) in
            var reports: [StoreReport] = []
            for job in jobs {
                switch job {
                case .admit(let batch, let source, let head):
                    reports.append(.admitted(try admit(batch, from: source, head: head, &changes)))
                case .publish(let publication):
                    reports.append(.published(try publish(publication, &changes)))
                }
            }
            return reports
        }
        index.follow(changes)
        for case .admitted(let report) in reports {
            for (id, refusal) in report.refusals where refusal.isForGood { refused.insert(id) }
        }
        return reports
    }

    /// Admits checked events in one durable transaction.
    func admit(_ batch: [CheckedEvent], from source: UInt32?, head: SignedHead?) throws(SQLiteFailure)
        -> AdmissionReport
    {
        guard case .admitted(let report) = try commit([.admit(batch, from: source, head: head)])[0] else {
            preconditionFailure("a job is answered by a report of its kind")
        }
        return report
    }

    private func admit(
        _ batch: [CheckedEvent], from source: UInt32?, head: SignedHead?, _ changes: inout StoreChanges
    ) throws(SQLiteFailure) -> AdmissionReport {
        var report = AdmissionReport()
        var counters = ServedCounters()
        try keep(head)
        for checked in batch {
            let result = try place(checked, &report, &changes)
            report.results.append(result)
            if result == .new { counters.count(checked, from: source) }
        }
        try add(counters)
        report.isLackingAncestors = !wanted.isEmpty
        return report
    }

    /// Places one event: what a node holds follows from which events it was shown, not from their order, whatever of an event's
    /// ancestors is held.
    private func place(
        _ checked: CheckedEvent, _ report: inout AdmissionReport, _ changes: inout StoreChanges
    ) throws(SQLiteFailure) -> PeerAnswer.PushResult {
        guard checked.expiry >= floor else {
            report.refusals.append((checked.id, .evicted(expiry: checked.expiry, floor: floor)))
            return .refused
        }
        guard index.sets[checked.shard] != nil else {
            report.refusals.append((checked.id, .foreign(checked.shard)))
            return .refused
        }
        let sameCharge = try events(ofCharge: checked.charge.number)
        // An order to delete is about the charge, whatever becomes of the event that brings it.
        var isOrdered = false
        if let deletion = checked.deletion, !sameCharge.isEmpty {
            isOrdered = try delete(checked.charge, deletion, in: checked.shard, &changes)
            if isOrdered { report.admitted.append(checked.wire) }
        }
        if sameCharge.contains(where: { $0.id == checked.id }) { return isOrdered ? .new : .known }
        if let held = sameCharge.first(where: { $0.originator == checked.event.originator }) {
            try keepEvidence(checked.signed, against: held.id)
            // The smaller of two stays, whichever came first, so that all nodes agree.
            guard checked.id < held.id else {
                report.refusals.append((checked.id, .chargeAgain(charge: checked.charge.number, held: held.id)))
                return .refused
            }
            report.refusals.append((held.id, .chargeAgain(charge: checked.charge.number, held: checked.id)))
            changes.append(.removed(try remove(held.id)))
        }
        // Where the charge was held its payload is here, or an order to delete it.
        let isFirst = sameCharge.isEmpty
        try insert(checked, isFirstOfCharge: isFirst, isMessage: isFirst, acknowledged: nil, &changes)
        try compareNeighbours(of: checked, &report)
        if !isOrdered { report.admitted.append(checked.wire) }
        return .new
    }

    /// Looks for what contradicts an event in its own chain: another event on its place, or a neighbour that it, or that, does
    /// not know. All are held, since others may have linked to either; the two that contradict each other are evidence.
    private func compareNeighbours(
        of checked: CheckedEvent, _ report: inout AdmissionReport
    ) throws(SQLiteFailure) {
        let (event, sequence) = (checked.event, checked.event.sequence)
        let neighbours = try neighbours(of: checked.place)
        if let rival = neighbours.first(where: { $0.sequence == sequence && $0.id != checked.id }) {
            try keepEvidence(checked.signed, against: rival.id)
            report.refusals.append((checked.id, .secondOnSequence(sequence: sequence, held: rival.id)))
            return
        }
        let before = neighbours.filter { $0.sequence < sequence }
        if let other = before.first, !before.contains(where: { $0.id == event.previous }) {
            try keepEvidence(checked.signed, against: other.id)
            report.refusals.append((checked.id, .otherPrevious(sequence: sequence, held: other.id)))
        } else if before.isEmpty, sequence - 1 > known(checked.place.chain), !event.links.contains(event.previous) {
            let before = EventPlace(originator: event.originator, shard: checked.shard, sequence: sequence - 1)
            wanted.insert(.place(before))
        }
        for after in neighbours where after.sequence > sequence {
            guard let next = try signedEvent(after.id), next.event.previous != checked.id else { continue }
            try keepEvidence(checked.signed, against: after.id)
            report.refusals.append((checked.id, .otherPrevious(sequence: after.sequence, held: after.id)))
        }
    }

    /// Remembers ids whose own bytes decided against them.
    func remember(refused ids: [Bytes32]) {
        for id in ids { refused.insert(id) }
    }
}
