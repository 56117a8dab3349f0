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

    var set: ComparedSet
    var messages: UInt64 = 0
    var topics: UInt64 = 0

    /// How many events.
    var events: UInt64 { UInt64(set.ids.count) }
    /// The chain of an originator.
    func chain(of originator: UInt32) -> EventChain { set.places.chains[originator] ?? EventChain() }

    /// Reads what the tables hold; the key is that of the own sketch.
    init(_ database: SQLiteDatabase, key: SipHash) throws(SQLiteFailure) {
        var set = ComparedSet(key: key)
        try database.each("SELECT epoch, id, originator, sequence FROM event ORDER BY epoch, id") {
            row throws(SQLiteFailure) in
            set.insert(
                try row.bytes32(1), epoch: try row.unsigned(0),
                place: EventPlace(originator: try row.node(2), sequence: try row.unsigned(3)))
        }
        self.set = set
        messages = try Self.count("SELECT COUNT(DISTINCT charge) FROM event", in: database)
        topics = try Self.count("SELECT COUNT(*) FROM topic", in: database)
    }

    static func count(_ sql: String, in database: SQLiteDatabase) throws(SQLiteFailure) -> UInt64 {
        try database.first(sql) { row throws(SQLiteFailure) in try row.unsigned(0) } ?? 0
    }

    /// Takes in what a transaction added, once it is durable.
    mutating func add(_ additions: [Addition]) {
        for addition in additions {
            set.insert(
                addition.id, epoch: addition.epoch,
                place: EventPlace(originator: addition.originator, sequence: addition.sequence))
            if addition.isMessage { messages += 1 }
            if addition.isTopicNew { topics += 1 }
        }
    }
}
