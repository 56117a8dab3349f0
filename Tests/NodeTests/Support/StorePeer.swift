import Channels
import FoundationEssentials
import Primitives
import Synchronization

@testable import Node

/// A store that answers a healing node in the same process, and counts what it is asked.
final class StoreSource: ReconcileSource {
    let store: EventStore
    private let counts = Mutex((summaries: 0, pages: 0, fetches: 0, events: 0))

    init(_ store: EventStore) {
        self.store = store
    }

    var fetches: Int { counts.withLock { $0.fetches } }
    var events: Int { counts.withLock { $0.events } }
    var pages: Int { counts.withLock { $0.pages } }

    func summary() async throws -> [BucketSummary] {
        counts.withLock { $0.summaries += 1 }
        return await store.summary()
    }

    func ids(epoch: UInt64, after: Bytes32) async throws -> (ids: [Bytes32], more: Bool) {
        counts.withLock { $0.pages += 1 }
        return await store.ids(epoch: epoch, after: after)
    }

    func fetch(_ ids: [Bytes32]) async throws -> [WireEvent] {
        let events = try await store.wireEvents(ids, bytesMax: 16_384)
        counts.withLock {
            $0.fetches += 1
            $0.events += events.count
        }
        return events
    }
}

/// A store that is healed with events whose signatures nobody made.
struct StoreReplica: ReconcileReplica {
    let store: EventStore
    var claims = FetchClaims(lifetime: .seconds(2))

    func summary() async throws -> [BucketSummary] { await store.summary() }

    func unknown(_ ids: [Bytes32]) async throws -> [Bytes32] { try await store.unknown(ids) }

    func wanted(from ids: [Bytes32], epoch: UInt64) async throws -> [Bytes32] {
        try await store.wanted(from: ids, epoch: epoch)
    }

    func needed(except asked: Set<Bytes32>, limit: Int) async throws -> [Bytes32] {
        await store.needed(except: asked, limit: limit)
    }

    func take(_ events: [WireEvent]) async throws -> [(sequence: UInt64, id: Bytes32)] {
        try await store.admit(try events.map { try $0.unchecked() }, from: nil, head: nil).dropped
    }
}

extension WireEvent {
    /// What a check would return, without the check.
    func unchecked() throws -> CheckedEvent {
        let signed = try SignedEvent(bytes: event, signature: try Signature(signature))
        let receipt = try Receipt(canonicalBytes: signed.event.receipt)
        return CheckedEvent(signed: signed, wire: self, charge: receipt.charge, head: receipt.head)
    }
}

extension TestNetwork {
    func store(_ number: UInt32, orphans: Int = 65_536) async throws -> EventStore {
        var configuration = configuration(number)
        configuration.limits.orphanEvents = orphans
        return try await EventStore.open(configuration)
    }
}
