import Primitives

extension EventStore {
    /// The state of all that is held.
    func state() -> SetState { index.set.state() }

    /// The state of what expires on a day or later.
    func state(from floor: UTCDay) -> SetState { index.set.state(from: floor) }

    /// In how many ranges the places lie on which events are held.
    var placeRanges: Int { index.set.places.rangeCount }

    /// The tree's root of each day, ascending.
    func days() -> [DayNode] { index.set.days() }

    /// What lies below some paths of a day's tree.
    func tree(day: UInt64, paths: [TreePath]) -> [TreeContent] { index.set.tree(day: day, paths: paths) }

    /// Of a peer's places those on which nothing is held.
    func lacking(from places: [PlaceRange], limit: UInt64) -> [PlaceRange] {
        index.set.places.lacking(from: places, limit: limit)
    }

    /// The answer to a peer's question that the set of events decides; `nil` for every other.
    func answer(_ question: PeerQuestion) -> PeerAnswer? { index.set.answer(question) }

    /// Cells of the sketch under a key; `nil` where there is none yet.
    func cells(_ key: SipHash, from first: Int, count: Int) -> [SketchCell]? {
        index.set.cells(key, from: first, count: count)
    }

    /// What a sketch under a new key is made of, outside of the store's queue.
    func beginSketch() -> (ids: HeldIDs, late: Int) { index.set.begin() }

    /// Keeps a sketch that was made of what ``beginSketch()`` gave.
    func finish(_ sketch: SetSketch, late: Int) { index.set.finish(sketch, late: late) }

    /// Ancestors that events came without, some of them.
    func needed(limit: Int) throws(SQLiteFailure) -> [FetchTarget] {
        while !wanted.isEmpty {
            let needed = try unknown(wanted.next(limit: limit))
            if !needed.isEmpty { return needed }
        }
        return []
    }

    /// Of some targets, those that are neither held nor refused for good.
    func unknown(_ targets: [FetchTarget]) throws(SQLiteFailure) -> [FetchTarget] {
        var unknown: [FetchTarget] = []
        for target in targets {
            switch target {
            case .id(let id):
                guard !refused.contains(id), try !isHeld(id) else { continue }
                if try !database.exists("SELECT 1 FROM deletion WHERE id = ?", [.id(id)]) { unknown.append(target) }
            case .place(let place): if !index.set.places.contains(place) { unknown.append(target) }
            }
        }
        return unknown
    }

    /// What is held of the events whose ids begin with `prefixes`, in their order, up to a size; one event always fits.
    func wireEvents(startingWith prefixes: [UInt64], bytesMax: Int) throws(SQLiteFailure) -> [WireEvent] {
        var ids: [Bytes32] = []
        for prefix in prefixes {
            let ends = [SQLiteValue.id(Bytes32(prefix: prefix, rest: 0)), .id(Bytes32(prefix: prefix, rest: .max))]
            for table in ["event", "deletion"] {
                ids += try database.rows(
                    "SELECT id FROM \(table) WHERE id BETWEEN ? AND ? AND expiry >= ? LIMIT 8", ends + [.day(floor)]
                ) { row throws(SQLiteFailure) in try row.bytes32(0) }
            }
        }
        return try wireEvents(ids, bytesMax: bytesMax)
    }

    /// What is held on some places, ascending, up to a size and a number; one event always fits.
    func wireEvents(on ranges: [PlaceRange], bytesMax: Int) throws(SQLiteFailure) -> [WireEvent] {
        var ids: [Bytes32] = []
        for range in ranges where ids.count < PeerQuestion.eventsMax {
            ids += try database.rows(
                """
                SELECT id FROM event WHERE originator = ? AND sequence BETWEEN ? AND ? AND expiry >= ?
                ORDER BY sequence, id LIMIT ?
                """,
                [
                    .node(range.originator), .number(range.sequences.lowerBound), .number(range.sequences.upperBound),
                    .day(floor),
                    .integer(Int64(PeerQuestion.eventsMax - ids.count)),
                ]
            ) { row throws(SQLiteFailure) in try row.bytes32(0) }
        }
        return try wireEvents(ids, bytesMax: bytesMax)
    }

    /// What is held of `ids`, in their order, up to a size; one event always fits. The id of a deletion stands for an event that
    /// it is of.
    func wireEvents(_ ids: [Bytes32], bytesMax: Int) throws(SQLiteFailure) -> [WireEvent] {
        var events: [WireEvent] = []
        var size = 0
        for id in ids {
            var found = try wireEvent("e.id = ?", id)
            if found == nil { found = try wireEvent("d.id = ?", id) }
            guard let found else { continue }
            size += found.frameBytes
            guard events.isEmpty || size <= bytesMax else { break }
            events.append(found)
        }
        return events
    }

    /// An event that carries a charge, the one with the smallest id.
    func event(carrying charge: UInt64) throws(SQLiteFailure) -> WireEvent? {
        guard charge <= UInt64(Int64.max), let first = try events(ofCharge: charge).first else { return nil }
        return try wireEvents([first.id], bytesMax: 0).first
    }

    private func wireEvent(_ condition: String, _ id: Bytes32) throws(SQLiteFailure) -> WireEvent? {
        try database.first(
            """
            SELECT e.bytes, e.signature, coalesce(v.bytes, d.bytes) FROM event e
            LEFT JOIN envelope v ON v.charge = e.charge LEFT JOIN deletion d ON d.charge = e.charge
            WHERE \(condition) ORDER BY e.id LIMIT 1
            """,
            [.id(id)]
        ) { WireEvent(event: $0.blob(0), signature: $0.blob(1), envelope: $0.blob(2)) }
    }
}

extension Bytes32 {
    /// Eight bytes, and the same eight bytes three times.
    fileprivate init(prefix: UInt64, rest: UInt64) {
        self.init(words: (prefix, rest, rest, rest))
    }
}
