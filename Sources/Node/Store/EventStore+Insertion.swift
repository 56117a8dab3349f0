import Channels
import Primitives

extension EventStore {
    /// Writes one event: the event, its envelope, its topic's tips and count.
    func insert(
        _ checked: CheckedEvent, isFirstOfCharge: Bool, isMessage: Bool, acknowledged: UInt64?,
        _ changes: inout StoreChanges
    ) throws(SQLiteFailure) {
        let event = checked.event
        try database.run(
            """
            INSERT INTO event(id, originator, shard, sequence, topic, epoch, charge, logged, expiry, acknowledged, bytes, signature)
            VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .id(checked.id), .node(event.originator), .shard(checked.shard), .number(event.sequence),
                .id(event.topic),
                .number(checked.charge.epoch), .number(checked.charge.number), .number(checked.logged),
                .day(checked.expiry), acknowledged.map { .number($0) } ?? .null, .blob(checked.wire.event),
                .blob(checked.wire.signature),
            ]
        )
        let count = try database.first(
            "INSERT INTO topic(id, events) VALUES(?, 1) ON CONFLICT DO UPDATE SET events = events + 1 RETURNING events",
            [.id(event.topic)]
        ) { $0.integer(0) }
        changes.append(.tips(try moveTips(adding: checked, isFirstOfTopic: count == 1)))
        wanted.remove(.id(checked.id))
        wanted.remove(.place(checked.place))
        changes.append(
            .added(
                StoreChanges.Addition(
                    id: checked.id, place: checked.place, expiry: checked.expiry, epoch: checked.charge.epoch,
                    charge: checked.charge.number, bytes: UInt64(checked.wire.event.count), isMessage: isMessage,
                    isTopicNew: count == 1)))
        if let deletion = checked.deletion {
            _ = try delete(checked.charge, deletion, in: checked.shard, &changes)
        } else if isFirstOfCharge {
            // An alias carries the same envelope: it is kept once.
            try database.run(
                "INSERT INTO envelope(charge, bytes) VALUES(?, ?) ON CONFLICT DO NOTHING",
                [.number(checked.charge.number), .blob(checked.wire.envelope)]
            )
        }
    }

    /// The tips of a topic are the events that no event that was held links to, whichever came first.
    private func moveTips(
        adding checked: CheckedEvent, isFirstOfTopic: Bool
    ) throws(SQLiteFailure) -> TipWidths.Change {
        let (id, topic) = (checked.id, checked.event.topic)
        var covered = 0
        for link in checked.event.links {
            let isTip = try database.run("DELETE FROM tip WHERE topic = ? AND id = ?", [.id(topic), .id(link)]) == 1
            if isTip { covered += 1 }
            guard !isTip, !refused.contains(link), try !isHeld(link) else { continue }
            try database.run(
                """
                INSERT INTO dangling(id, expiry) VALUES(?, ?)
                ON CONFLICT DO UPDATE SET expiry = max(expiry, excluded.expiry)
                """, [.id(link), .day(checked.expiry)])
            wanted.insert(.id(link))
        }
        let isCovered = try database.run("DELETE FROM dangling WHERE id = ?", [.id(id)]) == 1
        var hadOthers = false
        if covered == 0, !isFirstOfTopic {
            hadOthers = try database.exists("SELECT 1 FROM tip WHERE topic = ? LIMIT 1", [.id(topic)])
        }
        if !isCovered { try database.run("INSERT INTO tip(topic, id) VALUES(?, ?)", [.id(topic), .id(id)]) }
        return TipWidths.Change(topic: topic, covered: covered, isTip: !isCovered, hadOthers: hadOthers)
    }

    /// Takes an event out; its envelope stays for the others of its charge.
    func remove(_ id: Bytes32) throws(SQLiteFailure) -> StoreChanges.Removal {
        let row = try database.first(
            "SELECT originator, sequence, topic, expiry, length(bytes), charge, shard FROM event WHERE id = ?",
            [.id(id)]
        ) { row throws(SQLiteFailure) in
            (
                place: EventPlace(
                    originator: try row.node(0), shard: try row.shard(6), sequence: try row.unsigned(1)),
                topic: try row.bytes32(2), expiry: try row.day(3), bytes: try row.unsigned(4),
                charge: try row.unsigned(5)
            )
        }
        guard let row else { preconditionFailure("only what is held is taken out") }
        try database.run("DELETE FROM event WHERE id = ?", [.id(id)])
        let isTip = try database.run("DELETE FROM tip WHERE topic = ? AND id = ?", [.id(row.topic), .id(id)]) == 1
        let left = try database.first(
            "UPDATE topic SET events = events - 1 WHERE id = ? RETURNING events", [.id(row.topic)]
        ) { $0.integer(0) }
        if left == 0 { try database.run("DELETE FROM topic WHERE id = ?", [.id(row.topic)]) }
        let isFree = try event(on: row.place) == nil
        return StoreChanges.Removal(
            id: id, place: row.place, freed: isFree ? row.place : nil, expiry: row.expiry, bytes: row.bytes,
            isChargeGone: try events(ofCharge: row.charge).isEmpty, isTopicGone: left == 0,
            tipOf: isTip ? row.topic : nil)
    }

    /// Drops a message's payload and keeps its owner's order instead; `false` where one is kept already.
    func delete(
        _ charge: Charge, _ deletion: Deletion, in shard: Shard, _ changes: inout StoreChanges
    ) throws(SQLiteFailure) -> Bool {
        let id = Deletion.mark(charge: charge.number, envelopeHash: charge.envelopeHash)
        let isNew =
            try database.run(
                "INSERT INTO deletion(charge, id, shard, expiry, bytes) VALUES(?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [
                    .number(charge.number), .id(id), .shard(shard), .day(charge.expiryDay),
                    .blob(deletion.canonicalBytes),
                ]) == 1
        guard isNew else { return false }
        try database.run("DELETE FROM envelope WHERE charge = ?", [.number(charge.number)])
        changes.append(.deleted(StoreChanges.Deletion(id: id, shard: shard, expiry: charge.expiryDay)))
        return true
    }

    /// The events that carry a charge, ascending by id.
    func events(ofCharge charge: UInt64) throws(SQLiteFailure) -> [(id: Bytes32, originator: UInt32)] {
        try database.rows("SELECT id, originator FROM event WHERE charge = ? ORDER BY id", [.number(charge)]) {
            row throws(SQLiteFailure) in (try row.bytes32(0), try row.node(1))
        }
    }

    /// The event on a place of a chain; where its originator signed several, the smallest id.
    func event(on place: EventPlace) throws(SQLiteFailure) -> Bytes32? {
        try database.first(
            "SELECT id FROM event WHERE originator = ? AND shard = ? AND sequence = ? ORDER BY id LIMIT 1",
            [.node(place.originator), .shard(place.shard), .number(place.sequence)]
        ) { row throws(SQLiteFailure) in try row.bytes32(0) }
    }

    /// The events on a place, the one before and the one after it, some of them.
    func neighbours(of place: EventPlace) throws(SQLiteFailure) -> [(sequence: UInt64, id: Bytes32)] {
        try database.rows(
            """
            SELECT sequence, id FROM event WHERE originator = ? AND shard = ? AND sequence BETWEEN ? AND ?
            ORDER BY sequence, id LIMIT 16
            """,
            [.node(place.originator), .shard(place.shard), .number(place.sequence - 1), .number(place.sequence + 1)]
        ) { row throws(SQLiteFailure) in (try row.unsigned(0), try row.bytes32(1)) }
    }

    /// An event that is held.
    func signedEvent(_ id: Bytes32) throws(SQLiteFailure) -> SignedEvent? {
        try database.first("SELECT bytes, signature FROM event WHERE id = ?", [.id(id)]) {
            row throws(SQLiteFailure) in
            guard let signature = try? Signature(row.blob(1)),
                let event = try? SignedEvent(bytes: row.blob(0), signature: signature)
            else { throw .damaged("no event") }
            return event
        }
    }

    /// Keeps two signed events that contradict each other, at most 64 pairs of one originator.
    func keepEvidence(_ signed: SignedEvent, against other: Bytes32) throws(SQLiteFailure) {
        try database.run(
            """
            INSERT INTO evidence(originator, id, other, bytes, signature, other_bytes, other_signature)
            SELECT originator, ?, id, ?, ?, bytes, signature FROM event WHERE id = ?
            AND (SELECT COUNT(*) FROM evidence v WHERE v.originator = event.originator) < 64
            AND NOT EXISTS (SELECT 1 FROM evidence v WHERE v.originator = event.originator AND v.id = event.id AND v.other = ?)
            ON CONFLICT DO NOTHING
            """,
            [.id(signed.id), .blob(signed.bytes), .blob(signed.signature.bytes), .id(other), .id(signed.id)]
        )
    }
}
