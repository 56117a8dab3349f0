import Channels
import Primitives

extension EventStore {
    /// An event as its row has it.
    struct Row: Sendable {
        let arrival: Int64
        let id: Bytes32
        let wire: WireEvent
        let columns: [UInt64]
        let topic: Bytes32
        let hasPayload: Bool
    }

    /// Events in the order of their arrival, some of them.
    func rows(after arrival: Int64, limit: Int) throws(SQLiteFailure) -> [Row] {
        try database.rows(
            """
            SELECT e.arrival, e.id, e.bytes, e.signature, coalesce(v.bytes, d.bytes), e.originator, e.sequence, e.epoch, e.charge,
            e.logged, e.expiry, e.shard, e.topic FROM event e LEFT JOIN envelope v ON v.charge = e.charge
            LEFT JOIN deletion d ON d.charge = e.charge WHERE e.arrival > ? ORDER BY e.arrival LIMIT ?
            """, [.integer(arrival), .integer(Int64(limit))]
        ) { row throws(SQLiteFailure) in
            var columns: [UInt64] = []
            for column in 5...11 as ClosedRange<Int32> { columns.append(try row.unsigned(column)) }
            return Row(
                arrival: row.integer(0), id: try row.bytes32(1),
                wire: WireEvent(event: row.blob(2), signature: row.blob(3), envelope: row.blob(4)), columns: columns,
                topic: try row.bytes32(12), hasPayload: !row.isNull(4))
        }
    }

    /// What is wrong with what the tables say of each other, and with the index in memory.
    func checkTables() throws(SQLiteFailure) -> [StoreFault] {
        var faults = try database.rows("PRAGMA integrity_check(10)") { $0.text(0) }
            .filter { $0 != "ok" }.map(StoreFault.file)
        faults += try ids("SELECT id FROM tip t WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.id = t.id)")
            .map { .tip(id: $0) }
        faults += try ids("SELECT id FROM dangling d WHERE EXISTS (SELECT 1 FROM event e WHERE e.id = d.id)")
            .map { .dangling(id: $0) }
        faults += try database.rows(
            """
            SELECT t.id, t.events, (SELECT count(*) FROM event e WHERE e.topic = t.id) AS held FROM topic t WHERE t.events <> held
            UNION ALL SELECT e.topic, 0, count(*) FROM event e WHERE NOT EXISTS (SELECT 1 FROM topic t WHERE t.id = e.topic)
            GROUP BY e.topic
            """
        ) { row throws(SQLiteFailure) in
            .topic(id: try row.bytes32(0), counted: try row.unsigned(1), held: try row.unsigned(2))
        }
        faults += try charges(
            """
            SELECT charge FROM (SELECT charge FROM envelope UNION ALL SELECT charge FROM deletion) p
            WHERE NOT EXISTS (SELECT 1 FROM event e WHERE e.charge = p.charge)
            """
        ).map { .stray(charge: $0) }
        faults += try charges("SELECT charge FROM event GROUP BY charge, originator HAVING count(*) > 1")
            .map { .chargeAgain(charge: $0) }
        faults += try charges("SELECT charge FROM deletion WHERE charge IN (SELECT charge FROM envelope)")
            .map { .payloadAndDeletion(charge: $0) }
        return faults + (try checkIndex())
    }

    /// What of the index in memory is not what the tables say.
    private func checkIndex() throws(SQLiteFailure) -> [StoreFault] {
        let key = index.sets.values.first?.own.key ?? .random()
        var (fresh, leftovers) = try StoreIndex.read(
            database, key: key, sharding: sharding, held: held, floor: floor)
        var faults: [StoreFault] = []
        func compare(_ part: String, _ isSame: Bool) {
            if !isSame { faults.append(.index(part)) }
        }
        for shard in held {
            compare("state", fresh.sets[shard]?.state() == index.sets[shard]?.state())
            // What lies below the floor keeps its place until it is deleted.
            if leftovers.isEmpty { compare("places", fresh.sets[shard]?.places == index.sets[shard]?.places) }
            let cells = SetSketch.cellsKept(of: sharding)
            compare(
                "sketch",
                fresh.sets[shard]?.own.cells(from: 0, count: cells)
                    == index.sets[shard]?.own.cells(from: 0, count: cells))
        }
        compare("messages", fresh.messages == index.messages)
        compare("topics", fresh.topics == index.topics)
        compare("tips", fresh.tips == index.tips)
        compare("deletions", fresh.deletions == index.deletions)
        // What is not held any more may be half deleted.
        compare("evicted", Set(leftovers.expired).isSubset(of: self.leftovers.expired))
        compare("released", Set(leftovers.released).isSubset(of: self.leftovers.released))
        let bound = UTCDay(number: .max)
        compare(
            "checkpoints",
            fresh.checkpoints(below: bound, node: number) == index.checkpoints(below: bound, node: number))
        return faults
    }

    /// Whether an id is kept as a tip.
    func isTip(_ id: Bytes32, of topic: Bytes32) throws(SQLiteFailure) -> Bool {
        try database.exists("SELECT 1 FROM tip WHERE topic = ? AND id = ?", [.id(topic), .id(id)])
    }

    private func ids(_ sql: String) throws(SQLiteFailure) -> [Bytes32] {
        try database.rows(sql) { row throws(SQLiteFailure) in try row.bytes32(0) }
    }

    private func charges(_ sql: String) throws(SQLiteFailure) -> [UInt64] {
        try database.rows(sql) { row throws(SQLiteFailure) in try row.unsigned(0) }
    }
}
