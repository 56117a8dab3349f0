/// What somebody, or a disk, may change in a node's tables, and a part of the fault that says so.
enum Damage {
    static let all = [
        ("UPDATE event SET bytes = zeroblob(length(bytes)) WHERE arrival = 2", "is not what it was"),
        ("UPDATE event SET signature = zeroblob(65) WHERE arrival = 9", "is not what it was"),
        ("UPDATE envelope SET bytes = zeroblob(length(bytes)) WHERE charge = 2", "is not what it was"),
        ("DELETE FROM envelope WHERE charge = 5", "neither payload nor order"),
        ("UPDATE event SET charge = 900 WHERE arrival = 1", "neither payload nor order"),
        ("UPDATE event SET sequence = 900 WHERE arrival = 1", "column sequence"),
        ("UPDATE event SET expiry = 30000 WHERE arrival = 4", "column expiry"),
        ("UPDATE event SET logged = 7 WHERE arrival = 4", "column logged"),
        ("UPDATE event SET epoch = 7 WHERE arrival = 4", "column epoch"),
        ("UPDATE event SET topic = zeroblob(32) WHERE arrival = 12", "column topic"),
        ("UPDATE event SET id = zeroblob(32) WHERE arrival = 6", "column id"),
        ("INSERT INTO tip(topic, id) VALUES(zeroblob(32), zeroblob(32))", "kept as a tip"),
        ("INSERT INTO tip SELECT topic, id FROM event WHERE arrival = 1", "kept as a tip"),
        ("INSERT INTO dangling SELECT id, 1 FROM event WHERE arrival = 1", "kept as missing"),
        ("UPDATE topic SET events = events + 1", "counts"),
        ("DELETE FROM topic", "counts 0 events"),
        ("INSERT INTO envelope VALUES(77, x'00')", "belongs to no event"),
        ("UPDATE event SET charge = 1 WHERE arrival = 2", "two events of one originator"),
    ]
}
