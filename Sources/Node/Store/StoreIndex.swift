import Channels
import Primitives

/// What the store keeps in memory; every part of it is derived from the tables.
struct StoreIndex {
    private let key: SipHash
    private let sharding: Sharding
    private var births: UInt64 = 0
    /// A set for each shard that is held.
    var sets: [Shard: ComparedSet] = [:]
    /// What expires before this day is held by nobody.
    private(set) var floor = UTCDay(number: 0)
    var messages: UInt64 = 0
    var topics: UInt64 = 0
    /// The canonical bytes of the events of a shard that expire on a day.
    private var bytes: [Shard: [UTCDay: UInt64]] = [:]
    /// How many orders to delete of a shard expire on a day.
    private var orders: [Shard: [UTCDay: UInt64]] = [:]
    /// How many tips there are.
    private(set) var tips = TipWidths()
    /// The charges that are held of each epoch lie in this range.
    private var charges: [UInt64: ClosedRange<UInt64>] = [:]

    /// How many events, deletions counted as well.
    var events: UInt64 { sets.values.reduce(0) { $0 + UInt64($1.ids.count) } }
    /// How many orders to delete.
    var deletions: UInt64 { orders.values.reduce(0) { $0 + $1.values.reduce(0, +) } }
    /// The canonical bytes of all events.
    var eventBytes: UInt64 { bytes.values.reduce(0) { $0 + $1.values.reduce(0, +) } }
    /// A chain, as far as it is held.
    func chain(_ id: ChainID) -> EventChain { sets[id.shard]?.places.chains[id.originator] ?? EventChain() }
    /// Every chain of which something is held, ascending.
    var chains: [ChainID] {
        sets.keys.sorted().flatMap { shard in
            (sets[shard]?.places.chains.keys.sorted() ?? []).map { ChainID(originator: $0, shard: shard) }
        }
    }

    /// Starts empty, with a set for each shard that is held.
    private init(key: SipHash, sharding: Sharding, held: [Shard], floor: UTCDay) {
        self.key = key
        self.sharding = sharding
        self.floor = floor
        for shard in held { take(shard) }
    }

    /// Begins to hold a shard.
    mutating func take(_ shard: Shard) {
        guard sets[shard] == nil else { return }
        births += 1
        var set = ComparedSet(key: key, sharding: sharding, birth: births)
        _ = set.raise(to: floor)
        sets[shard] = set
    }

    /// Ends to hold a shard; returns the ids.
    mutating func letGo(_ shard: Shard) -> [Bytes32] {
        var gone: [Bytes32] = []
        sets.removeValue(forKey: shard)?.ids.forEach { gone.append($0) }
        bytes[shard] = nil
        orders[shard] = nil
        return gone
    }

    /// Reads what the tables hold of the shards that are held, and which other events were not deleted yet; the key is that of
    /// the own sketches.
    static func read(
        _ database: SQLiteDatabase, key: SipHash, sharding: Sharding, held: [Shard], floor: UTCDay
    ) throws(SQLiteFailure) -> (index: StoreIndex, leftovers: StoreLeftovers) {
        var index = StoreIndex(key: key, sharding: sharding, held: held, floor: floor)
        var leftovers = StoreLeftovers()
        try database.each("SELECT id, originator, sequence, expiry, epoch, charge, length(bytes), shard FROM event") {
            row throws(SQLiteFailure) in
            let (id, expiry, shard) = (try row.bytes32(0), try row.day(3), try row.shard(7))
            guard expiry >= floor else {
                leftovers.expired.append(id)
                return
            }
            guard index.sets[shard] != nil else {
                leftovers.released.append(id)
                return
            }
            let place = EventPlace(originator: try row.node(1), shard: shard, sequence: try row.unsigned(2))
            index.sets[shard]?.insert(id, day: UInt64(expiry.number), place: place)
            index.note(try row.unsigned(5), of: try row.unsigned(4))
            index.bytes[shard, default: [:]][expiry, default: 0] += try row.unsigned(6)
        }
        try database.each("SELECT id, expiry, shard FROM deletion WHERE expiry >= ?", [.day(floor)]) {
            row throws(SQLiteFailure) in
            let (shard, day) = (try row.shard(2), try row.day(1))
            guard index.sets[shard] != nil else { return }
            index.sets[shard]?.insert(try row.bytes32(0), day: UInt64(day.number), place: nil)
            index.orders[shard, default: [:]][day, default: 0] += 1
        }
        index.messages = try Self.count("SELECT COUNT(DISTINCT charge) FROM event", in: database)
        index.topics = try Self.count("SELECT COUNT(*) FROM topic", in: database)
        index.tips = try readTips(database)
        return (index, leftovers)
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
                let shard = added.place.shard
                sets[shard]?.insert(added.id, day: UInt64(added.expiry.number), place: added.place)
                note(added.charge, of: added.epoch)
                bytes[shard, default: [:]][added.expiry, default: 0] += added.bytes
                if added.isMessage { messages += 1 }
                if added.isTopicNew { topics += 1 }
            case .removed(let removed):
                let shard = removed.place.shard
                sets[shard]?.remove(removed.id, day: UInt64(removed.expiry.number), freeing: removed.freed)
                bytes[shard, default: [:]][removed.expiry, default: 0] -= removed.bytes
                if removed.isTopicGone { topics -= 1 }
                if let topic = removed.tipOf { tips.remove(of: topic) }
            case .tips(let change): tips.follow(change)
            case .deleted(let deleted):
                sets[deleted.shard]?.insert(deleted.id, day: UInt64(deleted.expiry.number), place: nil)
                orders[deleted.shard, default: [:]][deleted.expiry, default: 0] += 1
            }
        }
    }

    /// What stands for the days below a floor when they go, ascending by shard, then day.
    mutating func checkpoints(below floor: UTCDay, node: UInt32) -> [Checkpoint] {
        sets.keys.sorted().flatMap { shard in
            let days = sets[shard]?.days() ?? []
            return days.filter { $0.day < UInt64(floor.number) }.map { bucket in
                let day = UTCDay(number: UInt32(bucket.day))
                return Checkpoint(
                    node: node, shard: shard, day: day, count: bucket.node.count, bytes: bytes[shard]?[day] ?? 0,
                    root: bucket.node.hash)
            }
        }
    }

    /// Drops what expires before a day; returns the ids.
    mutating func raise(to floor: UTCDay) -> [Bytes32] {
        self.floor = max(self.floor, floor)
        var gone: [Bytes32] = []
        for shard in sets.keys.sorted() {
            for (_, tree) in sets[shard]?.raise(to: floor) ?? [] { tree.forEach { gone.append($0) } }
            bytes[shard] = bytes[shard]?.filter { $0.key >= floor }
            orders[shard] = orders[shard]?.filter { $0.key >= floor }
        }
        return gone
    }

    /// Follows the deletion of events below the floor, or of shards that were let go of.
    mutating func free(_ removals: [StoreChanges.Removal]) {
        for removal in removals {
            if let place = removal.freed { sets[place.shard]?.free(place) }
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

/// Events in the tables that are not held any more and wait to be deleted.
struct StoreLeftovers {
    /// Those below the floor.
    var expired: [Bytes32] = []
    /// Those of shards that were let go of.
    var released: [Bytes32] = []

    var isEmpty: Bool { expired.isEmpty && released.isEmpty }
    var count: Int { expired.count + released.count }
}
