import Primitives

/// Events that wait for their ancestors, in bounded memory.
///
/// When it is full, the originator with the most bytes loses its highest sequence: the event that is farthest from
/// being admitted. Nobody's flood can push out another's events, and a chain longer than the pool is still admitted
/// from its lower end.
struct OrphanPool {
    /// An event and who brought it.
    struct Orphan: Hashable, Sendable {
        let checked: CheckedEvent
        let source: UInt32?
    }

    private struct Entry {
        let orphan: Orphan
        var missing: Set<Bytes32>
        let bytes: Int
    }

    private struct Place: Hashable, Comparable {
        let sequence: UInt64
        let id: Bytes32

        static func < (a: Place, b: Place) -> Bool { (a.sequence, a.id) < (b.sequence, b.id) }
    }

    private struct Share {
        var places: [Place] = []
        var bytes = 0
    }

    private let eventsMax: Int
    private let bytesMax: Int
    private var entries: [Bytes32: Entry] = [:]
    private var waiters: [Bytes32: Set<Bytes32>] = [:]
    private var shares: [UInt32: Share] = [:]
    private var bytes = 0
    /// Ancestors that are neither held nor in the pool.
    private(set) var absent: Set<Bytes32> = []

    init(eventsMax: Int, bytesMax: Int) {
        self.eventsMax = eventsMax
        self.bytesMax = bytesMax
    }

    var count: Int { entries.count }

    func contains(_ id: Bytes32) -> Bool { entries[id] != nil }

    /// Whether an event on this place waits.
    func contains(_ place: EventPlace) -> Bool {
        guard let places = shares[place.originator]?.places else { return false }
        let index = places.lowerBound(of: Place(sequence: place.sequence, id: .zero))
        return index < places.count && places[index].sequence == place.sequence
    }

    /// The place of an ancestor that is waited for, where an event that waits says it: as the one before it.
    func placeOf(absent id: Bytes32) -> EventPlace? {
        for waiter in waiters[id] ?? [] {
            guard let event = entries[waiter]?.orphan.checked.event, event.previous == id else { continue }
            return EventPlace(originator: event.originator, sequence: event.sequence - 1)
        }
        return nil
    }

    /// Takes an event in that waits for `missing`; returns what had to go, the event itself perhaps.
    mutating func insert(_ orphan: Orphan, missing: [Bytes32]) -> [(sequence: UInt64, id: Bytes32)] {
        let id = orphan.checked.id
        guard entries[id] == nil else { return [] }
        let size = orphan.checked.wire.frameBytes + 1_024
        entries[id] = Entry(orphan: orphan, missing: Set(missing), bytes: size)
        for ancestor in missing {
            waiters[ancestor, default: []].insert(id)
            if entries[ancestor] == nil { absent.insert(ancestor) }
        }
        absent.remove(id)
        bytes += size
        let place = Place(sequence: orphan.checked.event.sequence, id: id)
        var share = shares[orphan.checked.event.originator, default: Share()]
        share.places.insert(place, at: share.places.lowerBound(of: place))
        share.bytes += size
        shares[orphan.checked.event.originator] = share
        return shrink()
    }

    /// Tells the pool that an event is held now; returns those that wait for nothing any more.
    mutating func resolve(_ id: Bytes32) -> [Orphan] {
        absent.remove(id)
        guard let waiting = waiters.removeValue(forKey: id) else { return [] }
        var released: [Orphan] = []
        for waiter in waiting.sorted() {
            entries[waiter]?.missing.remove(id)
            guard let entry = entries[waiter], entry.missing.isEmpty else { continue }
            remove(waiter)
            released.append(entry.orphan)
        }
        return released
    }

    /// Drops everything that waits, directly or not, for an event that will never be held.
    mutating func drop(dependentsOf id: Bytes32) -> [Bytes32] {
        var dropped: [Bytes32] = []
        var queue = [id]
        while let next = queue.popLast() {
            guard let waiting = waiters[next] else { continue }
            for waiter in waiting.sorted() {
                remove(waiter)
                dropped.append(waiter)
                queue.append(waiter)
            }
            absent.remove(next)
        }
        return dropped
    }

    private mutating func shrink() -> [(sequence: UInt64, id: Bytes32)] {
        var dropped: [(sequence: UInt64, id: Bytes32)] = []
        while entries.count > eventsMax || bytes > bytesMax {
            let largest = shares.max { ($0.value.bytes, $1.key) < ($1.value.bytes, $0.key) }
            guard let last = largest?.value.places.last else { return dropped }
            remove(last.id)
            dropped.append((last.sequence, last.id))
        }
        return dropped
    }

    private mutating func remove(_ id: Bytes32) {
        guard let entry = entries.removeValue(forKey: id) else { return }
        bytes -= entry.bytes
        if waiters[id] != nil { absent.insert(id) }
        for ancestor in entry.missing {
            waiters[ancestor]?.remove(id)
            if waiters[ancestor]?.isEmpty ?? false {
                waiters[ancestor] = nil
                absent.remove(ancestor)
            }
        }
        let event = entry.orphan.checked.event
        guard var share = shares.removeValue(forKey: event.originator) else { return }
        let place = Place(sequence: event.sequence, id: id)
        let index = share.places.lowerBound(of: place)
        if index < share.places.count, share.places[index] == place { share.places.remove(at: index) }
        share.bytes -= entry.bytes
        if !share.places.isEmpty { shares[event.originator] = share }
    }
}
