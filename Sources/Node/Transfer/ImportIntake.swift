import Channels
import Primitives

/// Checks and admits what a file holds, a block at a time, as what a peer brings is checked and admitted.
struct ImportIntake: Sendable {
    let store: EventStore
    let check: EventCheck
    let keys: KeyHistory
    /// The file's floor: nothing in it expires before.
    let floor: UTCDay
    var outcome: NodeImport

    /// Takes a block's records. Throws ``PlacedFault`` at the first that nobody may hold; those before it are taken.
    mutating func take(_ records: [PlacedRecord]) async throws {
        var events: [(byte: UInt64, wire: WireEvent)] = []
        for placed in records {
            switch placed.record {
            case .event(let wire): events.append((placed.byte, wire))
            case .heading, .node, .head, .seal, .end: break
            case .checkpoint(let checkpoint, let signature):
                try signed(checkpoint, signature, at: placed.byte)
                // Another node's word about what it held is not this one's.
                if checkpoint.node == store.number { try await store.keep(checkpoint, signature) }
            case .chain(let end):
                try signed(end, at: placed.byte)
                try await store.keep(shown: end)
            case .evidence(let one, let other):
                try signed(one, at: placed.byte)
                try signed(other, at: placed.byte)
                guard one.contradicts(other, store.sharding) else {
                    throw PlacedFault(byte: placed.byte, fault: .noContradiction)
                }
                try await store.keepEvidence(one, against: other)
                outcome.evidence += 1
            case .headEvidence(let evidence):
                try await keep(evidence, at: placed.byte)
            }
        }
        if !events.isEmpty { try await admit(events) }
    }

    private func signed(_ event: SignedEvent, at byte: UInt64) throws(PlacedFault) {
        let originator = event.event.originator
        guard let key = check.registry.key(of: originator) else {
            throw PlacedFault(byte: byte, fault: .event(id: event.id, refusal: .unregistered(originator: originator)))
        }
        guard event.isBy(key, in: keys.domain) else {
            throw PlacedFault(
                byte: byte, fault: .event(id: event.id, refusal: .eventSignature(originator: originator)))
        }
    }

    private func signed(_ checkpoint: Checkpoint, _ signature: Signature, at byte: UInt64) throws(PlacedFault) {
        guard let key = check.registry.key(of: checkpoint.node),
            signature.isBy(key, over: keys.domain.digest(of: checkpoint.statement))
        else { throw PlacedFault(byte: byte, fault: .signature(of: "the checkpoint of \(checkpoint.day)")) }
    }

    private mutating func keep(_ evidence: HeadEvidence, at byte: UInt64) async throws {
        do throws(HeadEvidenceRefusal) {
            try evidence.check(keys, rollbacks: keys.rollbacks)
        } catch {
            // What the log has admitted since is no evidence any more.
            if case .rolledBack = error { return }
            throw PlacedFault(byte: byte, fault: .signature(of: "a head"))
        }
        try await store.keep(evidence)
        outcome.evidence += 1
    }

    /// The events of a block: what is known is sorted out, the rest is checked, then admitted in one transaction.
    private mutating func admit(_ events: [(byte: UInt64, wire: WireEvent)]) async throws {
        let known = try await store.result(of: events.map(\.wire.id))
        let unknown = events.indices.filter { known[$0] == nil || events[$0].wire.deletion != nil }
        var checked: [CheckedEvent] = []
        var fault: PlacedFault?
        for (place, result) in zip(unknown, await check.run(unknown.map { events[$0].wire })) {
            switch result {
            case .success(let event) where event.expiry >= floor: checked.append(event)
            case .success(let event):
                fault = PlacedFault(
                    byte: events[place].byte,
                    fault: .event(id: event.id, refusal: .evicted(expiry: event.expiry, floor: floor)))
            case .failure(let refusal):
                fault = PlacedFault(
                    byte: events[place].byte, fault: .event(id: events[place].wire.id, refusal: refusal))
            }
            guard fault == nil else { break }
        }
        if let evidence = check.heads.takeEvidence() { try await store.keep(evidence) }
        // Whose shards they are is found out when the node runs: it hands over what is not its own.
        try await store.take(Set(checked.map(\.shard)))
        let report = try await store.admit(checked, from: nil, head: nil)
        count(report, of: fault == nil ? events.count : checked.count)
        if let fault { throw fault }
    }

    private mutating func count(_ report: AdmissionReport, of events: Int) {
        let new = report.results.count { $0 == .new }
        let refused = report.results.count { $0 == .refused }
        let expired = report.refusals.count { _, refusal in
            if case .evicted = refusal { true } else { false }
        }
        outcome.events += UInt64(events)
        outcome.new += UInt64(new)
        outcome.expired += UInt64(expired)
        outcome.superseded += UInt64(refused - expired)
        outcome.known += UInt64(events - new - refused)
    }
}
