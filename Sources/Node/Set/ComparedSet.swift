import Primitives

/// What a node holds, in the forms in which it is compared with what a peer holds: trees that prove equality, places of chains,
/// and sketches.
///
/// One sketch is under the node's own key, for whoever asks it; others are of the same set under the keys of those that it asks.
/// Who is told a key can at worst make sketches useless, and then trees are compared.
struct ComparedSet: Sendable {
    /// The most sketches under others' keys; the one that was made first makes room.
    static let sketchesMax = 64

    /// The most ids that are taken out of others' sketches one by one.
    private static let goneMax = 16_384

    private(set) var ids = HeldIDs()
    private(set) var places = HeldPlaces()
    private(set) var own: SetSketch
    private var others: [SetSketch] = []
    /// What came and went since a sketch of the rest was begun, and how many such are under way.
    private var late: [(id: Bytes32, isHeld: Bool)] = []
    private var begun = 0

    /// Starts empty; the key should be random and secret from publishers.
    init(key: SipHash) {
        own = SetSketch(key: key)
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
        if other.floor >= ids.floor, ids.state(from: other.floor) == other { return .equal }
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
        case .compare(let state): .compare(compare(state))
        case .places: .places(places.ranges(limit: PeerAnswer.placesMax))
        case .cells(let first, let count): .cells(own.cells(from: Int(first), count: Int(count)))
        case .days: .days(days())
        case .tree(let day, let paths): .tree(tree(day: day, paths: paths))
        default: nil
        }
    }

    /// Whether there is a sketch under a key.
    func hasSketch(_ key: SipHash) -> Bool { sketch(key) != nil }

    /// Cells of the sketch under a key; `nil` where there is none.
    func cells(_ key: SipHash, from first: Int, count: Int) -> [SketchCell]? {
        sketch(key)?.cells(from: first, count: count)
    }

    /// The ids that a sketch under a new key has to be made of; whatever comes or goes meanwhile is made up for by ``finish(_:late:)``.
    mutating func begin() -> (ids: HeldIDs, late: Int) {
        begun += 1
        return (ids, late.count)
    }

    /// Keeps a sketch of what ``begin()`` gave.
    mutating func finish(_ made: SetSketch, late start: Int) {
        var made = made
        for (id, isHeld) in late[start...] { made.change(id, isHeld: isHeld) }
        if !hasSketch(made.key) { others.append(made) }
        if others.count > Self.sketchesMax { others.removeFirst() }
        begun -= 1
        if begun == 0 { late = [] }
    }

    private func sketch(_ key: SipHash) -> SetSketch? {
        own.key == key ? own : others.first { $0.key == key }
    }
}

/// How two sets stand to each other, as the one that was asked says it.
enum SetComparison: Hashable, Sendable {
    case equal
    /// What the asked one holds, and the key of its sketch.
    case differs(SetState, key: SipHash)
}

extension SetSketch {
    /// The sketch of a set under a key.
    init(of ids: HeldIDs, key: SipHash) {
        self.init(key: key)
        ids.forEach { insert($0) }
    }
}
