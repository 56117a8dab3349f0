import Channels
import Primitives
import Rewards

/// Events and bytes that peers were the first to bring, gathered over a transaction.
struct ServedCounters {
    struct Key: Hashable {
        let epoch: UInt64
        let peer: UInt32
    }

    private(set) var served: [Key: (events: UInt64, bytes: UInt64)] = [:]

    /// Counts an event that was admitted for who brought it.
    mutating func count(_ checked: CheckedEvent, from source: UInt32?) {
        guard let peer = source else { return }
        let bytes = checked.wire.event.count + checked.wire.envelope.count
        let key = Key(epoch: checked.charge.epoch, peer: peer)
        let before = served[key] ?? (0, 0)
        served[key] = (before.events + 1, before.bytes + UInt64(bytes))
    }
}

/// What a round found out about one peer.
struct ProbeFinding: Hashable, Sendable {
    let peer: UInt32
    let isAnswered: Bool
    let challenges: UInt32
    let passed: UInt32
}

extension EventStore {
    /// Adds counters inside the caller's transaction.
    func add(_ counters: ServedCounters) throws(SQLiteFailure) {
        for (key, served) in counters.served {
            try database.run(
                """
                INSERT INTO observation(epoch, peer, first_delivered, bytes_served) VALUES(?, ?, ?, ?)
                ON CONFLICT DO UPDATE SET first_delivered = first_delivered + excluded.first_delivered,
                bytes_served = bytes_served + excluded.bytes_served
                """,
                [.number(key.epoch), .node(key.peer), .number(served.events), .number(served.bytes)]
            )
        }
    }

    /// Ends a round: its findings and the day are one durable step, so no midnight is counted twice.
    func finish(_ round: ProbeRound, _ findings: [ProbeFinding]) throws(SQLiteFailure) {
        try transaction { () throws(SQLiteFailure) in
            for finding in findings {
                try database.run(
                    """
                    INSERT INTO observation(epoch, peer, probes, answered, challenges, passed) VALUES(?, ?, 1, ?, ?, ?)
                    ON CONFLICT DO UPDATE SET probes = probes + 1, answered = answered + excluded.answered,
                    challenges = challenges + excluded.challenges, passed = passed + excluded.passed
                    """,
                    [
                        .number(round.epoch), .node(finding.peer), .integer(finding.isAnswered ? 1 : 0),
                        .node(finding.challenges), .node(finding.passed),
                    ]
                )
            }
            try setProbed(round.day)
        }
    }

    /// Remembers up to which day no round is due.
    func setProbed(_ day: UTCDay) throws(SQLiteFailure) {
        var writer = WireWriter()
        writer.append(day.number)
        try database.setMeta(.probed, writer.bytes)
    }

    /// Up to which day no round was due when the store was last open.
    func probed() throws(SQLiteFailure) -> UTCDay? {
        guard let bytes = try database.meta(.probed) else { return nil }
        var reader = WireReader(bytes)
        guard let number = try? reader.uint32() else { return nil }
        return UTCDay(number: number)
    }

    /// Keeps a head that was checked.
    func record(_ head: SignedHead) throws(SQLiteFailure) {
        guard head.head.isNewer(than: newestHead?.head) else { return }
        try transaction { () throws(SQLiteFailure) in try keep(head) }
    }

    private static let headEvidenceMax: Int64 = 16

    /// Keeps two heads that contradict each other, of the first few such pairs.
    func keep(_ evidence: HeadEvidence) throws(SQLiteFailure) {
        let bytes = evidence.canonicalBytes
        try transaction { () throws(SQLiteFailure) in
            _ = try database.run(
                "INSERT INTO head_evidence(id, bytes) SELECT ?, ? WHERE (SELECT count(*) FROM head_evidence) < ? ON CONFLICT DO NOTHING",
                [.id(SHA256.hash(bytes)), .blob(bytes), .integer(Self.headEvidenceMax)])
        }
    }

    /// Pairs of heads that contradict each other.
    func headEvidence() throws(SQLiteFailure) -> [HeadEvidence] {
        try database.rows("SELECT bytes FROM head_evidence ORDER BY id") { row throws(SQLiteFailure) in
            guard let evidence = try? HeadEvidence(canonicalBytes: row.blob(0)) else { throw .damaged("no evidence") }
            return evidence
        }
    }

    /// What was counted of each peer in an epoch, ascending.
    func subjects(of epoch: UInt64) throws(SQLiteFailure) -> [Observation.Subject] {
        try database.rows(
            """
            SELECT peer, probes, answered, challenges, passed, first_delivered, bytes_served
            FROM observation WHERE epoch = ? AND peer <> ? ORDER BY peer LIMIT ?
            """,
            [.number(epoch), .node(number), .integer(Int64(Observation.subjectCountMax))]
        ) { row throws(SQLiteFailure) in
            Observation.Subject(
                node: try row.node(0),
                probes: try row.node(1),
                answered: try row.node(2),
                challenges: try row.node(3),
                passed: try row.node(4),
                firstDelivered: try row.unsigned(5),
                bytesServed: try row.unsigned(6)
            )
        }
    }

    /// The number of the newest arrival: what came later was not there before.
    func lastArrival() throws(SQLiteFailure) -> Int64 {
        try database.first("SELECT MAX(arrival) FROM event") { $0.integer(0) } ?? 0
    }

    /// Picks different events of an epoch or earlier that arrived up to `arrival`: for each point the next id from it
    /// on.
    ///
    /// Only messages that every holder still has: neither deleted nor expired by `day`.
    func pick(
        points: [Bytes32], in shards: [Shard], epoch: UInt64, arrival: Int64, after day: UTCDay
    ) throws(SQLiteFailure) -> [Bytes32] {
        guard !shards.isEmpty else { return [] }
        var picked: [Bytes32] = []
        for point in points {
            guard
                let next = try next(from: point, in: shards, except: picked, epoch: epoch, arrival: arrival, after: day)
            else { break }
            picked.append(next)
        }
        return picked
    }

    private func next(
        from point: Bytes32,
        in shards: [Shard],
        except picked: [Bytes32],
        epoch: UInt64,
        arrival: Int64,
        after day: UTCDay
    ) throws(SQLiteFailure) -> Bytes32? {
        let isAll = shards.count == sharding.count
        let among = isAll ? "" : "AND shard IN (\(shards.map(\.description).joined(separator: ", ")))"
        for start in [point, .zero] {
            let ids = try database.rows(
                """
                SELECT id FROM event WHERE id >= ? AND epoch <= ? AND arrival <= ? AND expiry > ? \(among)
                AND EXISTS (SELECT 1 FROM envelope WHERE envelope.charge = event.charge) ORDER BY id LIMIT ?
                """,
                [
                    .id(start), .number(epoch), .integer(arrival), .day(day), .integer(Int64(picked.count + 1)),
                ]
            ) { row throws(SQLiteFailure) in try row.bytes32(0) }
            if let found = ids.first(where: { !picked.contains($0) }) { return found }
        }
        return nil
    }

    /// The registry as it was last seen.
    func storedRegistry() throws(SQLiteFailure) -> [[UInt8]] {
        try database.rows("SELECT bytes FROM registry ORDER BY number") { $0.blob(0) }
    }

    /// Keeps the registry.
    func keepRegistry(_ nodes: [RegisteredNode]) throws(SQLiteFailure) {
        try transaction { () throws(SQLiteFailure) in
            try database.run("DELETE FROM registry")
            for node in nodes {
                try database.run(
                    "INSERT INTO registry(number, bytes) VALUES(?, ?)",
                    [.node(node.number), .blob(node.canonicalBytes)]
                )
            }
        }
    }
}
