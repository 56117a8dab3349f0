import Channels
import Primitives

/// What a node holds of a shard, in the forms in which it is compared with what a peer holds: trees that prove equality, places of chains,
/// and sketches.
///
/// One sketch is under the node's own key, for whoever asks it; others are of the same set under the keys of those that it asks.
/// Who is told a key can at worst make sketches useless, and then trees are compared.
struct ComparedSet: Sendable {
    /// The most sketches under others' keys in a network of one shard; the one that was made first makes room.
    private static let sketchesMax = 64
    private static let sketchesLeast = 4

    /// The most ids that are taken out of others' sketches one by one.
    private static let goneMax = 16_384

    private(set) var ids = HeldIDs()
    private(set) var places = HeldPlaces()
    private(set) var own: SetSketch
    private var others: [SetSketch] = []
    private let othersMax: Int
    /// What came and went since a sketch of the rest was begun, and how many such are under way.
    private var late: [(id: Bytes32, isHeld: Bool)] = []
    private var begun = 0

    /// Tells this set from one that the shard had before.
    private let birth: UInt64

    /// Starts empty; the key should be random and secret from publishers.
    init(key: SipHash, sharding: Sharding, birth: UInt64 = 0) {
        self.birth = birth
        own = SetSketch(key: key, cells: SetSketch.cellsKept(of: sharding))
        othersMax = max(Self.sketchesMax / sharding.count, Self.sketchesLeast)
    }

    /// Takes an event in that was not held; a deletion has no place.
    mutating func insert(_ id: Bytes32, day: UInt64, place: EventPlace?) {
        guard ids.insert(id, day: day) else { return }
        if let place { places.insert(place) }
        sketch(id, isHeld: true)
    }

    /// Takes an event out; its place too where no other event is on it.
    mutating func remove(_ id: Bytes32, day: UInt64, freeing place: EventPlace?) {
        guard ids.remove(id, day: day) else { return }
        if let place { places.remove(place) }
        sketch(id, isHeld: false)
    }

    /// Drops what expires before a day, at once; returns the ids. Their places stay until ``free(_:)``.
    mutating func raise(to floor: UTCDay) -> [(day: UInt64, tree: IDTree)] {
        let gone = ids.raise(to: floor)
        // Taking many out of every sketch would take longer than making those anew that are asked for.
        if gone.reduce(0, { $0 + $1.tree.count }) > Self.goneMax { others = [] }
        for (_, tree) in gone { tree.forEach { sketch($0, isHeld: false) } }
        return gone
    }

    /// Takes a place out on which no event is held any more.
    mutating func free(_ place: EventPlace) { places.remove(place) }

    /// Every sketch follows: an id has come, or gone.
    private mutating func sketch(_ id: Bytes32, isHeld: Bool) {
        own.change(id, isHeld: isHeld)
        for index in others.indices { others[index].change(id, isHeld: isHeld) }
        if begun > 0 { late.append((id, isHeld)) }
    }

    /// The set's state.
    mutating func state() -> SetState { ids.state() }

    /// The state of what expires on a day or later.
    mutating func state(from floor: UTCDay) -> SetState { ids.state(from: floor) }

    /// What another set's state is, seen from here: over what expires on its floor or later, where that is above this one's.
    mutating func compare(_ other: SetState) -> SetComparison {
        if other.floor == ids.floor {
            if ids.state() == other { return .equal }
        } else if other.floor > ids.floor, ids.state(from: other.floor) == other {
            return .equal
        }
        return .differs(ids.state(), key: own.key)
    }

    /// The tree's root of each day, ascending; the newest where there are more than one answer holds.
    mutating func days() -> [DayNode] { Array(ids.days().suffix(PeerAnswer.daysMax)) }

    /// What lies below some paths of a day's tree.
    mutating func tree(day: UInt64, paths: [TreePath]) -> [TreeContent] {
        paths.map { ids.content(on: $0, day: day) }
    }

    /// The answer to a question that only this set decides; `nil` for every other.
    mutating func answer(_ question: PeerQuestion) -> PeerAnswer? {
        switch question {
        case .compare(_, let state): .compare(compare(state))
        case .places: .places(places.ranges(limit: PeerAnswer.placesMax))
        case .cells(_, let first, let count): .cells(own.cells(from: Int(first), count: Int(count)))
        case .days: .days(days())
        case .tree(_, let day, let paths): .tree(tree(day: day, paths: paths))
        default: nil
        }
    }

    /// Whether there is a sketch under a key.
    func hasSketch(_ key: SipHash) -> Bool { sketch(key) != nil }

    /// Cells of the sketch under a key; `nil` where there is none.
    func cells(_ key: SipHash, from first: Int, count: Int) -> [SketchCell]? {
        sketch(key)?.cells(from: first, count: count)
    }

    /// The ids that a sketch under a new key has to be made of; whatever comes or goes meanwhile is made up for by ``finish(_:from:)``.
    mutating func begin() -> SketchStart {
        begun += 1
        return SketchStart(ids: ids, late: late.count, birth: birth)
    }

    /// Keeps a sketch of what ``begin()`` gave; of a set that was let go of meanwhile it is dropped.
    mutating func finish(_ made: SetSketch, from start: SketchStart) {
        guard start.birth == birth else { return }
        var made = made
        for (id, isHeld) in late[start.late...] { made.change(id, isHeld: isHeld) }
        if !hasSketch(made.key) { others.append(made) }
        if others.count > othersMax { others.removeFirst() }
        begun -= 1
        if begun == 0 { late = [] }
    }

    private func sketch(_ key: SipHash) -> SetSketch? {
        own.key == key ? own : others.first { $0.key == key }
    }
}

/// What a sketch is made of, outside of the store's queue.
struct SketchStart: Sendable {
    let ids: HeldIDs
    fileprivate let late: Int
    fileprivate let birth: UInt64
}

/// How two sets stand to each other, as the one that was asked says it.
enum SetComparison: Hashable, Sendable {
    case equal
    /// What the asked one holds, and the key of its sketch.
    case differs(SetState, key: SipHash)
    /// The asked one does not hold the shard.
    case absent
}

extension SetSketch {
    /// The sketch of a set under a key.
    init(of ids: HeldIDs, key: SipHash, cells: Int) {
        self.init(key: key, cells: cells)
        ids.forEach { insert($0) }
    }
}
