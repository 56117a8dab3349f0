import Channels
import Primitives

extension EventStore {
    /// The state of all that is held of a shard; that of nothing where the shard is not held.
    func state(of shard: Shard) -> SetState { index.sets[shard]?.state() ?? HeldIDs.empty(from: floor) }

    /// The state of what of it expires on a day or later.
    func state(of shard: Shard, from floor: UTCDay) -> SetState {
        index.sets[shard]?.state(from: floor) ?? HeldIDs.empty(from: floor)
    }

    /// The states of all shards that are held, ascending.
    func survey() -> [SurveyedShard] {
        held.map { SurveyedShard(shard: $0, state: state(of: $0)) }
    }

    /// In how many ranges the places of a shard lie on which events are held.
    func placeRanges(of shard: Shard) -> Int { index.sets[shard]?.places.rangeCount ?? 0 }

    /// The tree's root of each of a shard's days, ascending.
    func days(of shard: Shard) -> [DayNode] { index.sets[shard]?.days() ?? [] }

    /// What lies below some paths of the tree of a shard's day.
    func tree(of shard: Shard, day: UInt64, paths: [TreePath]) -> [TreeContent] {
        index.sets[shard]?.tree(day: day, paths: paths) ?? paths.map { _ in .leaf([]) }
    }

    /// Of a peer's places in a shard those on which nothing is held.
    func lacking(from places: [PlaceRange], in shard: Shard, limit: UInt64) -> [PlaceRange] {
        index.sets[shard]?.places.lacking(from: places, limit: limit) ?? []
    }

    /// The answer to a peer's question that the sets of events decide; `nil` for every other.
    func answer(_ question: PeerQuestion) -> PeerAnswer? {
        switch question {
        case .compare(let shard, _):
            index.sets[shard] == nil ? .compare(.absent) : index.sets[shard]?.answer(question)
        case .places(let shard): index.sets[shard]?.answer(question) ?? .places([])
        case .cells(let shard, _, _): index.sets[shard]?.answer(question) ?? .cells([])
        case .days(let shard): index.sets[shard]?.answer(question) ?? .days([])
        case .tree(let shard, _, let paths):
            index.sets[shard]?.answer(question) ?? .tree(paths.map { _ in .leaf([]) })
        case .survey(let shards): .survey(shards.map(compare))
        default: nil
        }
    }

    private func compare(_ surveyed: SurveyedShard) -> SurveyResult {
        switch index.sets[surveyed.shard]?.compare(surveyed.state) {
        case nil, .absent: .absent
        case .equal: .equal
        case .differs: .differs
        }
    }

    /// Cells of a shard's sketch under a key; `nil` where there is none yet.
    func cells(_ key: SipHash, of shard: Shard, from first: Int, count: Int) -> [SketchCell]? {
        index.sets[shard]?.cells(key, from: first, count: count)
    }

    /// What a shard's sketch under a new key is made of, outside of the store's queue; `nil` where the shard is not held.
    func beginSketch(of shard: Shard) -> SketchStart? { index.sets[shard]?.begin() }

    /// Keeps a sketch that was made of what ``beginSketch(of:)`` gave.
    func finish(_ sketch: SetSketch, of shard: Shard, from start: SketchStart) {
        index.sets[shard]?.finish(sketch, from: start)
    }

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
            case .place(let place):
                guard let set = index.sets[place.shard], !set.places.contains(place) else { continue }
                unknown.append(target)
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

    /// What is held on some places of a shard, ascending, up to a size and a number; one event always fits.
    func wireEvents(in shard: Shard, on ranges: [PlaceRange], bytesMax: Int) throws(SQLiteFailure) -> [WireEvent] {
        var ids: [Bytes32] = []
        for range in ranges where ids.count < PeerQuestion.eventsMax {
            ids += try database.rows(
                """
                SELECT id FROM event WHERE originator = ? AND shard = ? AND sequence BETWEEN ? AND ? AND expiry >= ?
                ORDER BY sequence, id LIMIT ?
                """,
                [
                    .node(range.originator), .shard(shard), .number(range.sequences.lowerBound),
                    .number(range.sequences.upperBound),
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
