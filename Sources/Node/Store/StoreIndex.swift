import Primitives

/// What the store keeps in memory; every part of it is derived from the tables.
struct StoreIndex {
    /// One event that a transaction added.
    struct Addition {
        let id: Bytes32
        let originator: UInt32
        let sequence: UInt64
        let epoch: UInt64
        let isMessage: Bool
        let isTopicNew: Bool
    }

    var buckets = BucketIndex()
    var chains: [UInt32: EventChain] = [:]
    var events: UInt64 = 0
    var messages: UInt64 = 0
    var topics: UInt64 = 0

    init(_ database: SQLiteDatabase) throws(SQLiteFailure) {
        var buckets = BucketIndex()
        var chains: [UInt32: EventChain] = [:]
        var events: UInt64 = 0
        try database.each("SELECT epoch, id FROM event ORDER BY epoch, id") { row throws(SQLiteFailure) in
            buckets.insert(try row.bytes32(1), epoch: try row.unsigned(0))
            events += 1
        }
        try database.each("SELECT originator, sequence FROM event ORDER BY originator, sequence") {
            row throws(SQLiteFailure) in
            chains[try row.node(0), default: EventChain()].add(try row.unsigned(1))
        }
        self.buckets = buckets
        self.chains = chains
        self.events = events
        messages = try Self.count("SELECT COUNT(DISTINCT charge) FROM event", in: database)
        topics = try Self.count("SELECT COUNT(*) FROM topic", in: database)
    }

    static func count(_ sql: String, in database: SQLiteDatabase) throws(SQLiteFailure) -> UInt64 {
        try database.first(sql) { row throws(SQLiteFailure) in try row.unsigned(0) } ?? 0
    }

    /// Takes in what a transaction added, once it is durable.
    mutating func add(_ additions: [Addition]) {
        for addition in additions {
            buckets.insert(addition.id, epoch: addition.epoch)
            chains[addition.originator, default: EventChain()].add(addition.sequence)
            events += 1
            if addition.isMessage { messages += 1 }
            if addition.isTopicNew { topics += 1 }
        }
    }
}
