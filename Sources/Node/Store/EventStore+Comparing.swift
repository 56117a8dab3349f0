import Primitives

extension EventStore {
    /// The state of all that is held.
    func state() -> SetState { index.set.state() }

    /// How many originators' events are held.
    var originators: Int { index.set.places.chains.count }

    /// The tree's root of each epoch, ascending.
    func epochs() -> [EpochNode] { index.set.epochs() }

    /// What lies below some paths of an epoch's tree.
    func tree(epoch: UInt64, paths: [TreePath]) -> [TreeContent] { index.set.tree(epoch: epoch, paths: paths) }

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

    /// Ancestors that are neither held nor waiting: some of them, ascending by id. By their place where it is known and free, so
    /// that they are not fetched from another peer as well that is asked for that place.
    func needed(except asked: Set<FetchTarget>, limit: Int) -> [FetchTarget] {
        let absent = pool.absent.lazy.filter { !asked.contains(.id($0)) }.prefix(limit).sorted()
        return absent.compactMap { id in
            guard let place = pool.placeOf(absent: id), !index.set.places.contains(place) else { return .id(id) }
            return asked.contains(.place(place)) ? nil : .place(place)
        }
    }

    /// Of some targets, those that are neither held nor waiting, nor refused for good. An event that waits is not on its place
    /// yet, so its place is unknown until it is.
    func unknown(_ targets: [FetchTarget]) throws(SQLiteFailure) -> [FetchTarget] {
        var unknown: [FetchTarget] = []
        for target in targets {
            switch target {
            case .id(let id):
                guard !pool.contains(id), !refused.contains(id) else { continue }
                if try !isHeld(id) { unknown.append(target) }
            case .place(let place):
                if !index.set.places.contains(place), !pool.contains(place) { unknown.append(target) }
            }
        }
        return unknown
    }

    /// What is held of the events whose ids begin with `prefixes`, in their order, up to a size; one event always fits.
    func wireEvents(startingWith prefixes: [UInt64], bytesMax: Int) throws(SQLiteFailure) -> [WireEvent] {
        try wireEvents(prefixes.flatMap { index.set.ids.ids(startingWith: $0) }, bytesMax: bytesMax)
    }

    /// What is held on some places, ascending, up to a size and a number; one event always fits.
    func wireEvents(on ranges: [PlaceRange], bytesMax: Int) throws(SQLiteFailure) -> [WireEvent] {
        var ids: [Bytes32] = []
        for range in ranges where ids.count < PeerQuestion.eventsMax {
            ids += try database.rows(
                "SELECT id FROM event WHERE originator = ? AND sequence BETWEEN ? AND ? ORDER BY sequence, id LIMIT ?",
                [
                    .node(range.originator), .number(range.sequences.lowerBound), .number(range.sequences.upperBound),
                    .integer(Int64(PeerQuestion.eventsMax - ids.count)),
                ]
            ) { row throws(SQLiteFailure) in try row.bytes32(0) }
        }
        return try wireEvents(ids, bytesMax: bytesMax)
    }

    /// What is held of `ids`, in their order, up to a size; one event always fits.
    func wireEvents(_ ids: [Bytes32], bytesMax: Int) throws(SQLiteFailure) -> [WireEvent] {
        var events: [WireEvent] = []
        var size = 0
        for id in ids {
            let found = try database.first(
                """
                SELECT event.bytes, event.signature, envelope.bytes FROM event JOIN envelope
                ON envelope.hash = event.envelope WHERE event.id = ?
                """,
                [.id(id)]
            ) { WireEvent(event: $0.blob(0), signature: $0.blob(1), envelope: $0.blob(2)) }
            guard let found else { continue }
            size += found.frameBytes
            guard events.isEmpty || size <= bytesMax else { break }
            events.append(found)
        }
        return events
    }
}
