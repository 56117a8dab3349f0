import Channels
import Primitives

/// Reads what is readable of a damaged database, row by row: what one row has lost says nothing of the next.
struct StoreSalvage {
    /// An event that is whole as far as the file goes.
    struct Item: Sendable {
        let arrival: Int64
        let wire: WireEvent
        /// When this node acknowledged it, where it is its own.
        let acknowledged: UInt64?
    }

    /// The most arrivals in a row that are looked for behind one that can't be read.
    private static let unreadMax: Int64 = 1_000_000

    let database: SQLiteDatabase
    let number: UInt32
    private(set) var arrival: Int64 = 0
    /// Rows of which not even the columns could be read.
    private(set) var unread: UInt64 = 0
    /// Rows that were looked at and are no events any more.
    private(set) var broken: UInt64 = 0
    /// The highest own sequence that any part of the file names.
    private(set) var ownHighest: UInt64

    init(_ database: SQLiteDatabase, number: UInt32) {
        self.database = database
        self.number = number
        let queries = [
            "SELECT max(sequence) FROM event WHERE originator = ?",
            "SELECT max(sequence) FROM chain WHERE originator = ?",
        ]
        let named = queries.compactMap { sql in
            try? database.first(sql, [.node(number)]) { row throws(SQLiteFailure) in try row.unsigned(0) }
        }
        ownHighest = max(named.max() ?? 0, (try? database.signedMark()) ?? 0)
    }

    /// An own sequence that is at least the highest that this node has signed: a row that is lost whole may be its own.
    var signedBound: UInt64 { ownHighest + unread }

    /// The highest arrival that there has been; `nil` where the file does not say.
    var lastArrival: Int64? {
        let found = [
            try? database.first("SELECT max(arrival) FROM event") { $0.integer(0) },
            try? database.first("SELECT seq FROM sqlite_sequence WHERE name = 'event'") { $0.integer(0) },
        ]
        return found.compactMap(\.self).max()
    }

    /// The next events in the order of their arrival; none at the end.
    mutating func next(limit: Int) -> [Item] {
        var items: [Item] = []
        while items.count < limit, let place = nextArrival() {
            arrival = place
            if let item = item(at: place) { items.append(item) }
        }
        return items
    }

    private func nextArrival() -> Int64? {
        let sql = "SELECT arrival FROM event WHERE arrival > ? ORDER BY arrival LIMIT 1"
        do throws(SQLiteFailure) {
            return try database.first(sql, [.integer(arrival)]) { $0.integer(0) }
        } catch {
            // Nobody can say which arrival is next: the ones that follow are tried one by one.
            guard let last = lastArrival else { return nil }
            let sql = "SELECT arrival FROM event WHERE arrival = ?"
            for place in arrival + 1..<min(last, arrival + Self.unreadMax) + 1 {
                do throws(SQLiteFailure) {
                    if try database.exists(sql, [.integer(place)]) { return place }
                } catch {
                    return place
                }
            }
            return nil
        }
    }

    private mutating func item(at place: Int64) -> Item? {
        let columns = "SELECT originator, sequence FROM event WHERE arrival = ?"
        let named = try? database.first(columns, [.integer(place)]) { row throws(SQLiteFailure) in
            (try row.node(0), try row.unsigned(1))
        }
        guard let named else {
            unread += 1
            return nil
        }
        if named.0 == number { ownHighest = max(ownHighest, named.1) }
        let sql = "SELECT bytes, signature, acknowledged FROM event WHERE arrival = ?"
        let row = try? database.first(sql, [.integer(place)]) { row in
            (bytes: row.blob(0), signature: row.blob(1), time: row.isNull(2) ? nil : UInt64(exactly: row.integer(2)))
        }
        guard let row, let event = try? Event(canonicalBytes: row.bytes) else {
            broken += 1
            return nil
        }
        if event.originator == number { ownHighest = max(ownHighest, event.sequence) }
        guard let receipt = try? Receipt(canonicalBytes: event.receipt),
            let payload = payload(of: receipt.charge.number)
        else {
            broken += 1
            return nil
        }
        return Item(
            arrival: place, wire: WireEvent(event: row.bytes, signature: row.signature, envelope: payload),
            acknowledged: row.time)
    }

    /// The owner's order to delete goes before a payload that should be gone.
    private func payload(of charge: UInt64) -> [UInt8]? {
        for table in ["deletion", "envelope"] {
            let sql = "SELECT bytes FROM \(table) WHERE charge = ?"
            if let found = try? database.first(sql, [.number(charge)], { $0.blob(0) }) { return found }
        }
        return nil
    }
}

extension SQLiteDatabase {
    /// The own sequence up to which a repair may have lost what this node signed; 0 where there was none.
    func signedMark() throws(SQLiteFailure) -> UInt64 {
        guard let bytes = try meta(.signed) else { return 0 }
        var reader = WireReader(bytes)
        return (try? reader.uint64()) ?? 0
    }

    func setSignedMark(_ sequence: UInt64) throws(SQLiteFailure) {
        var writer = WireWriter()
        writer.append(min(sequence, UInt64(Int64.max)))
        try setMeta(.signed, writer.bytes)
    }
}
