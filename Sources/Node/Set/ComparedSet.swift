import Primitives

/// What a node holds, in the forms in which it is compared with what a peer holds: trees that prove equality, places of chains,
/// and sketches.
///
/// One sketch is under the node's own key, for whoever asks it; others are of the same set under the keys of those that it asks.
/// Who is told a key can at worst make sketches useless, and then trees are compared.
struct ComparedSet: Sendable {
    /// The most sketches under others' keys; the one that was made first makes room.
    static let sketchesMax = 64

    private(set) var ids = HeldIDs()
    private(set) var places = HeldPlaces()
    private(set) var own: SetSketch
    private var others: [SetSketch] = []
    /// What came since a sketch of the rest was begun, and how many such are under way.
    private var late: [Bytes32] = []
    private var begun = 0

    /// Starts empty; the key should be random and secret from publishers.
    init(key: SipHash) {
        own = SetSketch(key: key)
    }

    /// Takes an event in that was not held.
    mutating func insert(_ id: Bytes32, epoch: UInt64, place: EventPlace) {
        guard ids.insert(id, epoch: epoch) else { return }
        places.insert(place)
        own.insert(id)
        for index in others.indices { others[index].insert(id) }
        if begun > 0 { late.append(id) }
    }

    /// The set's state.
    mutating func state() -> SetState { ids.state() }

    /// What another set's state is, seen from here.
    mutating func compare(_ other: SetState) -> SetComparison {
        let state = ids.state()
        return state == other ? .equal : .differs(state, key: own.key)
    }

    /// The tree's root of each epoch, ascending; the newest where there are more than one answer holds.
    mutating func epochs() -> [EpochNode] { Array(ids.epochs().suffix(PeerAnswer.epochsMax)) }

    /// What lies below some paths of an epoch's tree.
    mutating func tree(epoch: UInt64, paths: [TreePath]) -> [TreeContent] {
        paths.map { ids.content(on: $0, epoch: epoch) }
    }

    /// The answer to a question that only this set decides; `nil` for every other.
    mutating func answer(_ question: PeerQuestion) -> PeerAnswer? {
        switch question {
        case .compare(let state): .compare(compare(state))
        case .places: .places(places.ranges(limit: PeerAnswer.placesMax))
        case .cells(let first, let count): .cells(own.cells(from: Int(first), count: Int(count)))
        case .epochs: .epochs(epochs())
        case .tree(let epoch, let paths): .tree(tree(epoch: epoch, paths: paths))
        default: nil
        }
    }

    /// Whether there is a sketch under a key.
    func hasSketch(_ key: SipHash) -> Bool { sketch(key) != nil }

    /// Cells of the sketch under a key; `nil` where there is none.
    func cells(_ key: SipHash, from first: Int, count: Int) -> [SketchCell]? {
        sketch(key)?.cells(from: first, count: count)
    }

    /// The ids that a sketch under a new key has to be made of; whatever comes meanwhile is added by ``finish(_:late:)``.
    mutating func begin() -> (ids: HeldIDs, late: Int) {
        begun += 1
        return (ids, late.count)
    }

    /// Keeps a sketch of what ``begin()`` gave.
    mutating func finish(_ made: SetSketch, late start: Int) {
        var made = made
        for id in late[start...] { made.insert(id) }
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
