import Channels
import Primitives
import Synchronization

/// One side of a trial: a set in memory, as a node keeps it beside its store.
final class TrialSide: Sendable {
    let events: TrialEvents
    let claims = FetchClaims(lifetime: .seconds(60))
    private let set: Mutex<ComparedSet>
    private let taking = Mutex(0.0)

    init(events: TrialEvents, held numbers: some Sequence<UInt64>) {
        self.events = events
        var set = ComparedSet(key: .random(), sharding: .none)
        for number in numbers { Self.insert(number, events, into: &set) }
        self.set = Mutex(set)
    }

    /// Runs with the set.
    func with<Result: Sendable>(_ body: (inout sending ComparedSet) throws -> Result) rethrows -> Result {
        try set.withLock { set in try body(&set) }
    }

    /// Processor time of taking events in: a node's admission does that, whoever brings them.
    var takingSeconds: Double { taking.withLock { $0 } }

    /// The key of the own sketch.
    var key: SipHash { with { $0.own.key } }

    /// Makes the sketch under another side's key, as a node does once for each peer and then keeps it.
    func makeSketch(_ key: SipHash) {
        let start = with { $0.begin() }
        let made = SetSketch(of: start.ids, key: key, cells: SetSketch.cellsKept)
        with { $0.finish(made, from: start) }
    }

    private static func insert(_ number: UInt64, _ events: TrialEvents, into set: inout ComparedSet) {
        set.insert(
            SHA256.hash(events.event(number).canonicalBytes), day: events.day(number), place: events.place(number))
    }
}

extension TrialSide: ReconcileReplica {
    var sharding: Sharding { .none }

    var shard: Shard { TrialEvents.shard }

    func state() async throws -> SetState { with { $0.state() } }

    func state(from floor: UTCDay) async throws -> SetState { with { $0.state(from: floor) } }

    func placeRanges() async throws -> Int { with { $0.places.rangeCount } }

    func lacking(from places: [PlaceRange], limit: UInt64) async throws -> [PlaceRange] {
        with { $0.places.lacking(from: places, limit: limit) }
    }

    func cells(_ key: SipHash, from first: Int, count: Int) async throws -> [SketchCell] {
        with { $0.cells(key, from: first, count: count) } ?? []
    }

    func days() async throws -> [DayNode] { with { $0.days() } }

    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        with { $0.tree(day: day, paths: paths) }
    }

    func needed(limit: Int) async throws -> [FetchTarget] { [] }

    func unknown(_ targets: [FetchTarget]) async throws -> [FetchTarget] {
        with { set in
            targets.filter { target in
                switch target {
                case .id(let id): !set.ids.ids(startingWith: id.prefix).contains(id)
                case .place(let place): !set.places.contains(place)
                }
            }
        }
    }

    func take(_ wires: [WireEvent]) async throws -> Int {
        let before = ThreadClock.seconds
        with { set in
            for wire in wires {
                guard case .place(let place)? = wire.targets(.none).last else { continue }
                Self.insert(events.number(place), events, into: &set)
            }
        }
        let seconds = ThreadClock.seconds - before
        taking.withLock { $0 += seconds }
        return wires.count
    }
}
