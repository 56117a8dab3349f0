import Channels
import Primitives

extension EventStore {
    /// The envelope that an event carries, as it lies on disk.
    func envelopeBytes(_ event: Bytes32) throws(SQLiteFailure) -> [UInt8]? {
        try database.first(
            "SELECT bytes FROM envelope WHERE charge = (SELECT charge FROM event WHERE id = ?)",
            [.id(event)]
        ) { $0.blob(0) }
    }

    /// How far a chain is held.
    func chainHead(of chain: ChainID) throws(SQLiteFailure) -> ChainHead? {
        let tip = try chainTip(of: chain)
        guard tip.sequence > 0 else { return nil }
        return ChainHead(
            originator: chain.originator, shard: chain.shard, highest: tip.sequence, id: tip.id,
            missing: index.chain(chain).missing)
    }

    /// A page of topics, ascending.
    func topics(after: Bytes32?, limit: Int) throws(SQLiteFailure) -> [TopicSummary] {
        let topics = try database.rows(
            "SELECT id, events FROM topic WHERE id > ? ORDER BY id LIMIT ?",
            [after.map { .id($0) } ?? .blob([]), .integer(Int64(limit))]
        ) { row throws(SQLiteFailure) in (try row.bytes32(0), try row.unsigned(1)) }
        var summaries: [TopicSummary] = []
        for (id, events) in topics {
            let ids = try database.rows("SELECT id FROM event WHERE topic = ? ORDER BY id", [.id(id)]) {
                row throws(SQLiteFailure) in try row.bytes32(0)
            }
            summaries.append(TopicSummary(id: id, events: events, root: SetRoot.of(ascending: ids)))
        }
        return summaries
    }

    /// A page of a topic's messages in the order of their charges; of the events that carry one charge the smallest id.
    ///
    /// A page ends early where its envelopes have more than 8 MiB.
    func messages(
        in topic: Bytes32, after: MessageCursor?, logged: ClosedRange<UInt64> = 0...UInt64(Int64.max), limit: Int
    ) throws(SQLiteFailure) -> [StoredMessage] {
        var page: [StoredMessage] = []
        var bytes = 0
        while page.count < limit, bytes < Self.pageBytes {
            let rows = min(16, limit - page.count)
            let next = try fewMessages(in: topic, after: page.last?.cursor ?? after, logged: logged, limit: rows)
            page += next
            bytes += next.reduce(0) { $0 + $1.envelope.payload.count }
            guard next.count == rows else { break }
        }
        return page
    }

    private func fewMessages(
        in topic: Bytes32,
        after: MessageCursor?,
        logged: ClosedRange<UInt64>,
        limit: Int
    ) throws(SQLiteFailure) -> [StoredMessage] {
        try database.rows(
            """
            SELECT e.bytes, e.signature, v.bytes, e.charge, e.logged FROM event e
            JOIN envelope v ON v.charge = e.charge
            WHERE e.topic = ? AND e.charge > ? AND e.logged BETWEEN ? AND ?
            AND NOT EXISTS (SELECT 1 FROM event s WHERE s.charge = e.charge AND s.id < e.id)
            ORDER BY e.charge LIMIT ?
            """,
            [
                .id(topic), .number(after?.charge ?? 0), .number(logged.lowerBound), .number(logged.upperBound),
                .integer(Int64(limit)),
            ]
        ) { row throws(SQLiteFailure) in try Self.message(row) }
    }

    /// The most bytes of payloads after which a page ends.
    static let pageBytes = 8 * 1_048_576

    /// A row of event, signature, envelope, charge and the time when it was logged.
    static func message(_ row: SQLiteRow) throws(SQLiteFailure) -> StoredMessage {
        guard
            let signature = try? Signature(row.blob(1)),
            let event = try? SignedEvent(bytes: row.blob(0), signature: signature),
            let envelope = Envelope(wireBytes: row.blob(2)), envelope.hash == event.event.envelopeHash
        else { throw .damaged("no message") }
        return StoredMessage(
            event: event, envelope: envelope, charge: try row.unsigned(3), logged: try row.unsigned(4))
    }

    /// The charges of an epoch that are held.
    func charges(of epoch: UInt64) throws(SQLiteFailure) -> ChargeRuns {
        guard let range = index.charges(of: epoch) else { return ChargeRuns(ascending: []) }
        return ChargeRuns(
            ascending: try database.rows(
                "SELECT DISTINCT charge FROM event WHERE charge BETWEEN ? AND ? AND epoch = ? ORDER BY charge",
                [.number(range.lowerBound), .number(range.upperBound), .number(epoch)]
            ) { row throws(SQLiteFailure) in try row.unsigned(0) }
        )
    }

    /// Receipts of the charges above a number that are held, one a charge, ascending.
    func receipts(above charge: UInt64, limit: Int) throws(SQLiteFailure) -> [Receipt] {
        try database.rows(
            """
            SELECT e.bytes FROM event e WHERE e.charge > ?
            AND NOT EXISTS (SELECT 1 FROM event s WHERE s.charge = e.charge AND s.id < e.id)
            ORDER BY e.charge LIMIT ?
            """, [.number(charge), .integer(Int64(limit))]
        ) { row throws(SQLiteFailure) in
            guard let event = try? Event(canonicalBytes: row.blob(0)),
                let receipt = try? Receipt(canonicalBytes: event.receipt)
            else { throw .damaged("no receipt") }
            return receipt
        }
    }

    /// The most chains that the status names.
    private static let chainsMax = 1_024

    /// What the node's status needs of the store.
    func figures() throws(SQLiteFailure) -> StoreFigures {
        var chains: [ChainHead] = []
        for chain in index.chains.prefix(Self.chainsMax) {
            if let head = try chainHead(of: chain) { chains.append(head) }
        }
        return StoreFigures(
            events: index.events,
            messages: index.messages,
            topics: index.topics,
            floor: floor,
            evidence: try StoreIndex.count("SELECT COUNT(*) FROM evidence", in: database),
            chains: chains
        )
    }
}

/// The store's part of a node's status.
struct StoreFigures: Sendable {
    let events: UInt64
    let messages: UInt64
    let topics: UInt64
    let floor: UTCDay
    let evidence: UInt64
    let chains: [ChainHead]
}
