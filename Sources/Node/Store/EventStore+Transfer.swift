import Channels
import Primitives

extension EventStore {
    /// The ends of all chains that are or were held, ascending by shard, then originator.
    func chainEnds() throws(SQLiteFailure) -> [SignedEvent] {
        var ends: [SignedEvent] = []
        let chains = Set(index.chains).union(known.keys)
        for chain in chains.sorted(by: { ($0.shard, $0.originator) < ($1.shard, $1.originator) }) {
            if let end = try signedTip(of: chain) { ends.append(end) }
        }
        return ends
    }

    /// Pairs of events that are kept as evidence, after one of them in the order of originator and ids.
    func evidence(
        after last: (originator: UInt32, id: Bytes32, other: Bytes32)?, limit: Int
    ) throws(SQLiteFailure) -> [(SignedEvent, SignedEvent)] {
        let last = last ?? (0, .zero, .zero)
        return try database.rows(
            """
            SELECT bytes, signature, other_bytes, other_signature FROM evidence
            WHERE (originator, id, other) > (?, ?, ?) ORDER BY originator, id, other LIMIT ?
            """,
            [.node(last.originator), .id(last.id), .id(last.other), .integer(Int64(limit))]
        ) { row throws(SQLiteFailure) in
            guard let one = try? SignedEvent(bytes: row.blob(0), signature: Signature(row.blob(1))),
                let other = try? SignedEvent(bytes: row.blob(2), signature: Signature(row.blob(3)))
            else { throw .damaged("no evidence") }
            return (one, other)
        }
    }

    /// Keeps two signed events that contradict each other, whether they are held or not, at most 64 pairs of one originator.
    func keepEvidence(_ one: SignedEvent, against other: SignedEvent) throws(SQLiteFailure) {
        try transaction { () throws(SQLiteFailure) in
            _ = try database.run(
                """
                INSERT INTO evidence(originator, id, other, bytes, signature, other_bytes, other_signature)
                SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
                WHERE (SELECT COUNT(*) FROM evidence v WHERE v.originator = ?1) < 64
                AND NOT EXISTS (SELECT 1 FROM evidence v WHERE v.originator = ?1 AND v.id = ?3 AND v.other = ?2)
                ON CONFLICT DO NOTHING
                """,
                [
                    .node(one.event.originator), .id(one.id), .id(other.id), .blob(one.bytes),
                    .blob(one.signature.bytes), .blob(other.bytes), .blob(other.signature.bytes),
                ])
        }
    }

    /// Keeps a checkpoint that this node signed before, where there is none of its day and shard, and the day is over.
    func keep(_ checkpoint: Checkpoint, _ signature: Signature) throws(SQLiteFailure) {
        guard checkpoint.day < floor else { return }
        try transaction { () throws(SQLiteFailure) in
            _ = try database.run(
                "INSERT INTO checkpoint(day, shard, bytes, signature) VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [
                    .day(checkpoint.day), .shard(checkpoint.shard), .blob(checkpoint.canonicalBytes),
                    .blob(signature.bytes),
                ])
        }
    }

    /// Raises the floor where nothing is held that it would drop, so that there is nothing to sign; `false` where there is, or the
    /// floor is as high already.
    func adopt(floor day: UTCDay) throws(SQLiteFailure) -> Bool {
        guard day > floor, index.checkpoints(below: day, node: number).isEmpty else { return false }
        _ = try raiseFloor(to: day) { _ in preconditionFailure("what drops nothing signs nothing") }
        return true
    }
}
