import Channels
import Primitives

/// Makes a new store of what is good in a damaged one.
///
/// Events go through the rules of admission again and are inserted as if they came from a peer, so that tips, counts and places
/// follow from them; they keep their arrivals, since clients' cursors name them. What is left out comes from peers.
struct StoreRepair {
    private static let portion = 256

    let old: SQLiteDatabase
    let identity: StoreIdentity
    let registry: [RegisteredNode]
    private let keys: [UInt32: Address]
    private let rules: AdmissionRules

    init(_ old: SQLiteDatabase, identity: StoreIdentity) {
        self.old = old
        self.identity = identity
        rules = AdmissionRules(identity.genesis)
        let domain = rules.domain
        let rows = (try? old.rows("SELECT bytes FROM registry ORDER BY number") { $0.blob(0) }) ?? []
        registry = rows.compactMap { try? RegisteredNode(canonicalBytes: $0) }.filter { $0.isSigned(in: domain) }
        keys = Dictionary(registry.map { ($0.number, $0.registration.nodeKey) }) { first, _ in first }
    }

    /// Copies what is not derived from events, as far as it is what this node or somebody else signed.
    func copyTables(to new: SQLiteDatabase) throws(SQLiteFailure) {
        try new.transaction { () throws(SQLiteFailure) in
            for name in [MetaName.head, .probed, .seal, .members] {
                if let value = try? old.meta(name) { try new.setMeta(name, value) }
            }
            try new.setFloor(floor)
            for node in registry {
                try new.run(
                    "INSERT INTO registry(number, bytes) VALUES(?, ?)",
                    [.node(node.number), .blob(node.canonicalBytes)])
            }
            for table in RepairedTable.all { try copy(table, to: new) }
        }
    }

    /// The floor of the old store, as far as the log key's word allows it: a lost bit never has a node drop what is not sealed.
    private var floor: UTCDay {
        let stored = (try? EventStore.storedFloor(old)) ?? UTCDay(number: 0)
        guard let bound = floorBound else { return stored }
        return min(stored, bound)
    }

    private var floorBound: UTCDay? {
        guard let head = try? EventStore.storedHead(old), let seal = try? EventStore.storedSeal(old) else { return nil }
        return RetentionFloor.day(
            time: head.head.time, sealedThrough: seal.notice.epoch, identity.genesis.epochs)
    }

    private func copy(_ table: RepairedTable, to new: SQLiteDatabase) throws(SQLiteFailure) {
        guard let rows = try? old.rows(table.select, [], { row in table.values(row) }) else { return }
        for values in rows where table.isGood(values, self) { try new.run(table.insert, values) }
    }

    /// Whether an originator signed an event.
    func isSigned(_ bytes: SQLiteValue, _ signature: SQLiteValue) -> Bool {
        guard case .blob(let bytes) = bytes, case .blob(let signature) = signature,
            let signature = try? Signature(signature), let event = try? SignedEvent(bytes: bytes, signature: signature),
            let key = keys[event.event.originator]
        else { return false }
        return event.isBy(key, in: rules.domain)
    }

    /// Whether this node signed a checkpoint.
    func isOwnCheckpoint(_ bytes: SQLiteValue, _ signature: SQLiteValue) -> Bool {
        guard case .blob(let bytes) = bytes, case .blob(let signature) = signature,
            let signature = try? Signature(signature), let checkpoint = try? Checkpoint(canonicalBytes: bytes)
        else { return false }
        return signature.isBy(identity.key, over: rules.domain.digest(of: checkpoint.statement))
    }

    /// Brings the events over; returns what was kept and left out, and writes down up to where this node may have signed.
    ///
    /// `progress` is told of each portion how many events were looked at.
    func copyEvents(to new: EventStore, progress: (Int) -> Void) async throws -> RepairReport {
        var salvage = StoreSalvage(old, number: identity.number)
        var (kept, dropped) = (0 as UInt64, 0 as UInt64)
        let floor = await new.floor
        while true {
            let items = salvage.next(limit: Self.portion)
            guard !items.isEmpty else { break }
            var good: [(CheckedEvent, StoreSalvage.Item)] = []
            for item in items {
                let checked = try? rules.check(item.wire, key: { keys[$0] }, isTrusted: { _ in true })
                // What expired before the floor was about to be deleted.
                if let checked, checked.expiry < floor { continue }
                if let checked { good.append((checked, item)) } else { dropped += 1 }
            }
            kept += UInt64(try await new.restore(good))
            progress(items.count)
        }
        try await new.endRepair(signed: salvage.signedBound, lastArrival: salvage.lastArrival ?? salvage.arrival)
        return RepairReport(
            node: identity.number, kept: kept, dropped: dropped + salvage.broken + salvage.unread,
            signedBound: salvage.signedBound)
    }
}

/// What a repair did.
public struct RepairReport: Hashable, Sendable {
    /// The node's number.
    public let node: UInt32
    /// Events that are in the new store.
    public let kept: UInt64
    /// Events that were not what they should be, or could not be read; peers have them.
    public let dropped: UInt64
    /// The own sequence up to which this node may have signed: it signs none of them again unless every peer has been asked and
    /// none knows them.
    public let signedBound: UInt64
}

extension EventStore {
    /// Takes events over from a damaged store, with their arrivals; returns how many there were room for by the rules.
    fileprivate func restore(_ events: [(CheckedEvent, StoreSalvage.Item)]) throws(SQLiteFailure) -> Int {
        // Where the list of shards is lost, events tell; whose they are is found out when the node runs.
        try take(Set(events.map(\.0.shard)))
        let report = try admit(events.map(\.0), from: nil, head: nil)
        try transaction { () throws(SQLiteFailure) in
            // From the last one on: no arrival that is given is taken already.
            for (checked, item) in events.reversed() {
                try database.run(
                    "UPDATE event SET arrival = ?, acknowledged = ? WHERE id = ?",
                    [.integer(item.arrival), item.acknowledged.map { .number($0) } ?? .null, .id(checked.id)])
            }
        }
        return report.taken
    }

    fileprivate func endRepair(signed: UInt64, lastArrival: Int64) throws(SQLiteFailure) {
        try transaction { () throws(SQLiteFailure) in
            try database.setSignedMark(signed)
            try database.run("DELETE FROM sqlite_sequence WHERE name = 'event'")
            try database.run("INSERT INTO sqlite_sequence(name, seq) VALUES('event', ?)", [.integer(lastArrival)])
        }
    }
}
