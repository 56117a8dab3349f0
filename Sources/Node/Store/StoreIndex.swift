import Channels
import Primitives

/// What the store keeps in memory; every part of it is derived from the tables.
struct StoreIndex {
    var set: ComparedSet
    var messages: UInt64 = 0
    var topics: UInt64 = 0
    /// The canonical bytes of the events that expire on a day.
    private var bytes: [UTCDay: UInt64] = [:]
    /// How many orders to delete expire on a day.
    private var orders: [UTCDay: UInt64] = [:]
    /// How many tips there are.
    private(set) var tips = TipWidths()
    /// The charges that are held of each epoch lie in this range.
    private var charges: [UInt64: ClosedRange<UInt64>] = [:]

    /// How many events, deletions counted as well.
    var events: UInt64 { UInt64(set.ids.count) }
    /// How many orders to delete.
    var deletions: UInt64 { orders.values.reduce(0, +) }
    /// The canonical bytes of all events.
    var eventBytes: UInt64 { bytes.values.reduce(0, +) }
    /// The chain of an originator.
    func chain(of originator: UInt32) -> EventChain { set.places.chains[originator] ?? EventChain() }

    /// Starts empty.
    private init(key: SipHash) {
        set = ComparedSet(key: key)
    }

    /// Reads what the tables hold, and which events lie below the floor and were not deleted yet; the key is that of the own
    /// sketch.
    static func read(
        _ database: SQLiteDatabase, key: SipHash, floor: UTCDay
    ) throws(SQLiteFailure) -> (index: StoreIndex, evicted: [Bytes32]) {
        var index = StoreIndex(key: key)
        var evicted: [Bytes32] = []
        _ = index.raise(to: floor)
        try database.each("SELECT id, originator, sequence, expiry, epoch, charge, length(bytes) FROM event") {
            row throws(SQLiteFailure) in
            let (id, expiry) = (try row.bytes32(0), try row.day(3))
            guard expiry >= floor else {
                evicted.append(id)
                return
            }
            let place = EventPlace(originator: try row.node(1), sequence: try row.unsigned(2))
            index.set.insert(id, day: UInt64(expiry.number), place: place)
            index.note(try row.unsigned(5), of: try row.unsigned(4))
            index.bytes[expiry, default: 0] += try row.unsigned(6)
        }
        try database.each("SELECT id, expiry FROM deletion WHERE expiry >= ?", [.day(floor)]) {
            row throws(SQLiteFailure) in
            index.set.insert(try row.bytes32(0), day: try row.unsigned(1), place: nil)
            index.orders[try row.day(1), default: 0] += 1
        }
        index.messages = try Self.count("SELECT COUNT(DISTINCT charge) FROM event", in: database)
        index.topics = try Self.count("SELECT COUNT(*) FROM topic", in: database)
        index.tips = try readTips(database)
        return (index, evicted)
    }

    private static func readTips(_ database: SQLiteDatabase) throws(SQLiteFailure) -> TipWidths {
        let wide = try database.rows("SELECT topic, COUNT(*) FROM tip GROUP BY topic HAVING COUNT(*) > 1") {
            row throws(SQLiteFailure) in (try row.bytes32(0), Int(row.integer(1)))
        }
        let total = try count("SELECT COUNT(*) FROM tip", in: database)
        return TipWidths(total: Int(total), wide: Dictionary(wide) { first, _ in first })
    }

    static func count(_ sql: String, in database: SQLiteDatabase) throws(SQLiteFailure) -> UInt64 {
        try database.first(sql) { row throws(SQLiteFailure) in try row.unsigned(0) } ?? 0
    }

    /// The range in which the charges of an epoch lie that are held; `nil` where there are none. Charges are numbered in the
    /// order of the log, so those of one epoch are neighbours.
    func charges(of epoch: UInt64) -> ClosedRange<UInt64>? { charges[epoch] }

    /// Follows what a transaction changed, once it is durable.
    mutating func follow(_ changes: StoreChanges) {
        for change in changes.all {
            switch change {
            case .added(let added):
                set.insert(added.id, day: UInt64(added.expiry.number), place: added.place)
                note(added.charge, of: added.epoch)
                bytes[added.expiry, default: 0] += added.bytes
                if added.isMessage { messages += 1 }
                if added.isTopicNew { topics += 1 }
            case .removed(let removed):
                set.remove(removed.id, day: UInt64(removed.expiry.number), freeing: removed.freed)
                bytes[removed.expiry, default: 0] -= removed.bytes
                if removed.isTopicGone { topics -= 1 }
                if let topic = removed.tipOf { tips.remove(of: topic) }
            case .tips(let change): tips.follow(change)
            case .deleted(let deleted):
                set.insert(deleted.id, day: UInt64(deleted.expiry.number), place: nil)
                orders[deleted.expiry, default: 0] += 1
            }
        }
    }

    /// What stands for the days below a floor when they go, ascending.
    mutating func checkpoints(below floor: UTCDay, node: UInt32) -> [Checkpoint] {
        set.days().filter { $0.day < UInt64(floor.number) }.map { bucket in
            let day = UTCDay(number: UInt32(bucket.day))
            return Checkpoint(
                node: node, day: day, count: bucket.node.count, bytes: bytes[day] ?? 0, root: bucket.node.hash)
        }
    }

    /// Drops what expires before a day; returns the ids.
    mutating func raise(to floor: UTCDay) -> [Bytes32] {
        var gone: [Bytes32] = []
        for (_, tree) in set.raise(to: floor) { tree.forEach { gone.append($0) } }
        bytes = bytes.filter { $0.key >= floor }
        orders = orders.filter { $0.key >= floor }
        return gone
    }

    /// Follows the deletion of events below the floor.
    mutating func free(_ removals: [StoreChanges.Removal]) {
        for removal in removals {
            if let place = removal.freed { set.free(place) }
            if removal.isChargeGone { messages -= 1 }
            if removal.isTopicGone { topics -= 1 }
            if let topic = removal.tipOf { tips.remove(of: topic) }
        }
    }

    private mutating func note(_ charge: UInt64, of epoch: UInt64) {
        guard let range = charges[epoch] else {
            charges[epoch] = charge...charge
            return
        }
        if !range.contains(charge) {
            charges[epoch] = min(range.lowerBound, charge)...max(range.upperBound, charge)
        }
    }
}
