import Channels
import FoundationEssentials
import Primitives
import Synchronization

@testable import Node

/// A store that answers a healing node in the same process, and counts what it is asked.
final class StoreSource: ReconcileSource {
    let store: EventStore
    private let counts = Mutex((comparisons: 0, findings: 0, fetches: 0, events: 0))

    init(_ store: EventStore) {
        self.store = store
    }

    var comparisons: Int { counts.withLock { $0.comparisons } }
    /// Questions for places, cells and trees.
    var findings: Int { counts.withLock { $0.findings } }
    var fetches: Int { counts.withLock { $0.fetches } }
    var events: Int { counts.withLock { $0.events } }

    func compare(_ state: SetState) async throws -> SetComparison {
        counts.withLock { $0.comparisons += 1 }
        guard case .compare(let comparison) = await store.answer(.compare(.one, state)) else {
            throw PeerFailure.closed
        }
        return comparison
    }

    func places() async throws -> [PlaceRange] {
        counts.withLock { $0.findings += 1 }
        guard case .places(let places) = await store.answer(.places(.one)) else { throw PeerFailure.closed }
        return places
    }

    func cells(from first: Int, count: Int) async throws -> [SketchCell] {
        counts.withLock { $0.findings += 1 }
        guard case .cells(let cells) = await store.answer(.cells(.one, from: UInt32(first), count: UInt32(count)))
        else {
            throw PeerFailure.closed
        }
        return cells
    }

    func days() async throws -> [DayNode] {
        counts.withLock { $0.findings += 1 }
        return await store.days()
    }

    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        counts.withLock { $0.findings += 1 }
        return await store.tree(day: day, paths: paths)
    }

    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] {
        var events: [WireEvent] = []
        for target in targets where events.count < 64 {
            switch target {
            case .id(let id): events += try await store.wireEvents(startingWith: [id.prefix], bytesMax: 16_384)
            case .place(let place): events += try await store.wireEvents(on: [place].ranges, bytesMax: 16_384)
            }
        }
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
    var sharding: Sharding { .none }
    var shard: Shard { .one }
    var claims = FetchClaims(lifetime: .seconds(2))

    func state() async throws -> SetState { await store.state() }

    func placeRanges() async throws -> Int { await store.placeRanges(of: .one) }

    func lacking(from places: [PlaceRange], limit: UInt64) async throws -> [PlaceRange] {
        await store.lacking(from: places, limit: limit)
    }

    func cells(_ key: SipHash, from first: Int, count: Int) async throws -> [SketchCell] {
        try await store.sketched(key, of: .one, from: first, count: count)
    }

    func days() async throws -> [DayNode] { await store.days() }

    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        await store.tree(day: day, paths: paths)
    }

    func state(from floor: UTCDay) async throws -> SetState { await store.state(from: floor) }

    func unknown(_ targets: [FetchTarget]) async throws -> [FetchTarget] { try await store.unknown(targets) }

    func needed(limit: Int) async throws -> [FetchTarget] { try await store.needed(limit: limit) }

    func take(_ events: [WireEvent]) async throws -> Int {
        try await store.admit(try events.map { try $0.unchecked() }, from: nil, head: nil).taken
    }
}

extension WireEvent {
    /// What a check would return, without the check.
    func unchecked() throws -> CheckedEvent {
        let signed = try SignedEvent(bytes: event, signature: try Signature(signature))
        let receipt = try Receipt(canonicalBytes: signed.event.receipt)
        return CheckedEvent(signed: signed, wire: self, receipt: receipt, deletion: deletion, sharding: .none)
    }
}

extension TestNetwork {
    func store(_ number: UInt32) async throws -> EventStore { try await EventStore.open(configuration(number)) }
}

extension EventStore {
    /// The tips of every topic, by topic, then id.
    func tips() throws -> [Bytes32] {
        try database.rows("SELECT id FROM tip ORDER BY topic, id") { row throws(SQLiteFailure) in try row.bytes32(0) }
    }
}
