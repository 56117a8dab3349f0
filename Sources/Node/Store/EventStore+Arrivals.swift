import Channels
import Primitives

extension EventStore {
    private static let arrivalBytes = 1_048_576

    /// The messages of a topic in the order in which they came to this node, after an arrival; each charge once, by the event that
    /// came first.
    ///
    /// A page ends early where its envelopes have more than 1 MiB.
    func arrivals(in topic: Bytes32, after arrival: Int64, limit: Int) throws(SQLiteFailure) -> [ArrivedMessage] {
        var page: [ArrivedMessage] = []
        var bytes = 0
        while page.count < limit, bytes < Self.arrivalBytes {
            let some = try someArrivals(
                in: topic, after: page.last?.arrival ?? arrival, limit: min(4, limit - page.count))
            guard !some.isEmpty else { break }
            page += some
            bytes += some.reduce(0) { $0 + $1.message.envelope.payload.count }
        }
        return page
    }

    private func someArrivals(
        in topic: Bytes32, after arrival: Int64, limit: Int
    ) throws(SQLiteFailure) -> [ArrivedMessage] {
        try database.rows(
            """
            SELECT e.bytes, e.signature, v.bytes, e.charge, e.logged, e.arrival FROM event e
            JOIN envelope v ON v.charge = e.charge
            WHERE e.topic = ? AND e.arrival > ?
            AND NOT EXISTS (SELECT 1 FROM event s WHERE s.charge = e.charge AND s.arrival < e.arrival)
            ORDER BY e.arrival LIMIT ?
            """,
            [.id(topic), .integer(arrival), .integer(Int64(limit))]
        ) { row throws(SQLiteFailure) in
            ArrivedMessage(arrival: row.integer(5), message: try Self.message(row))
        }
    }

    /// Where an event is, or what became of it.
    func standing(of id: Bytes32) throws(SQLiteFailure) -> EventStanding {
        let held = try database.first(
            "SELECT originator, sequence, topic, epoch, charge, arrival FROM event WHERE id = ?", [.id(id)]
        ) { row throws(SQLiteFailure) in
            EventStanding.Held(
                originator: try row.node(0), sequence: try row.unsigned(1), topic: try row.bytes32(2),
                epoch: try row.unsigned(3), charge: try row.unsigned(4), arrival: row.integer(5))
        }
        if let held { return .held(held) }
        return refused.contains(id) ? .refused : .unknown
    }
}
