import Channels
import Primitives

extension EventStore {
    /// Writes one event whose ancestors are held: the event, its envelope, its topic's tips and count.
    func insert(
        _ checked: CheckedEvent,
        depth: UInt64,
        isMessage: Bool,
        acknowledged: UInt64?
    ) throws(SQLiteFailure) -> StoreIndex.Addition {
        let event = checked.event
        try database.run(
            """
            INSERT INTO event(id, originator, sequence, topic, depth, epoch, charge, logged, envelope, acknowledged, bytes,
            signature) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .id(checked.id), .node(event.originator), .number(event.sequence), .id(event.topic), .number(depth),
                .number(checked.charge.epoch), .number(checked.charge.number), .number(checked.logged),
                .id(event.envelopeHash),
                acknowledged.map { .number($0) } ?? .null, .blob(checked.wire.event), .blob(checked.wire.signature),
            ]
        )
        // An alias carries the same envelope: it is kept once.
        try database.run(
            "INSERT INTO envelope(hash, bytes) VALUES(?, ?) ON CONFLICT DO NOTHING",
            [.id(event.envelopeHash), .blob(checked.wire.envelope)]
        )
        try moveTips(of: event.topic, adding: checked.id, links: event.links)
        let isTopicNew =
            try database.run(
                "INSERT INTO topic(id, events) VALUES(?, 1) ON CONFLICT DO NOTHING",
                [.id(event.topic)]
            ) == 1
        if !isTopicNew { try database.run("UPDATE topic SET events = events + 1 WHERE id = ?", [.id(event.topic)]) }
        return StoreIndex.Addition(
            id: checked.id,
            originator: event.originator,
            sequence: event.sequence,
            epoch: checked.charge.epoch,
            isMessage: isMessage,
            isTopicNew: isTopicNew
        )
    }

    private func moveTips(of topic: Bytes32, adding id: Bytes32, links: [Bytes32]) throws(SQLiteFailure) {
        var linked: [Bytes32] = []
        for link in links
        where try database.exists("SELECT 1 FROM tip WHERE topic = ? AND id = ?", [.id(topic), .id(link)]) {
            linked.append(link)
        }
        var dag = TopicDAG(tips: linked)
        for covered in dag.add(id, links: links) {
            try database.run("DELETE FROM tip WHERE topic = ? AND id = ?", [.id(topic), .id(covered)])
        }
        try database.run("INSERT INTO tip(topic, id) VALUES(?, ?)", [.id(topic), .id(id)])
    }

    /// The events that carry a charge, ascending by id.
    func events(ofCharge charge: UInt64) throws(SQLiteFailure) -> [(id: Bytes32, originator: UInt32)] {
        try database.rows("SELECT id, originator FROM event WHERE charge = ? ORDER BY id", [.number(charge)]) {
            row throws(SQLiteFailure) in (try row.bytes32(0), try row.node(1))
        }
    }

    /// The event on a place of a chain; where its originator signed several, the smallest id.
    func event(of originator: UInt32, at sequence: UInt64) throws(SQLiteFailure) -> Bytes32? {
        try database.first(
            "SELECT id FROM event WHERE originator = ? AND sequence = ? ORDER BY id LIMIT 1",
            [.node(originator), .number(sequence)]
        ) { row throws(SQLiteFailure) in try row.bytes32(0) }
    }

    /// Keeps two signed events that contradict each other, at most 64 pairs of one originator.
    func keepEvidence(_ signed: SignedEvent, against other: Bytes32) throws(SQLiteFailure) {
        try database.run(
            """
            INSERT INTO evidence(originator, id, other, bytes, signature, other_bytes, other_signature)
            SELECT originator, ?, id, ?, ?, bytes, signature FROM event WHERE id = ?
            AND (SELECT COUNT(*) FROM evidence v WHERE v.originator = event.originator) < 64
            ON CONFLICT DO NOTHING
            """,
            [.id(signed.id), .blob(signed.bytes), .blob(signed.signature.bytes), .id(other)]
        )
    }
}
