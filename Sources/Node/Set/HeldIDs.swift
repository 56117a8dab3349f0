import Primitives

/// How many ids a set has, and the hash over all of them: equal states are equal sets, whoever chose the ids.
struct SetState: Hashable, Sendable {
    /// The first day that counts: what expires earlier is held by nobody who has this floor.
    let floor: UTCDay
    let count: UInt64
    let root: Bytes32
}

/// The ids that a node holds, by the day on which they expire, with a tree over each day's and one root over the trees.
///
/// So what expires on a day goes as one tree, and two sets of which one has dropped more are compared over what both must
/// hold. The root is `SHA(tagged "feesvc/held/1": list<(u64 day, u64 count, b32 root)>)`, ascending, days without ids left out.
struct HeldIDs: Sendable {
    private static let tag = CanonicalEncoder(tag: "feesvc/held/1").bytes
    private var trees: [UInt64: IDTree] = [:]
    private var keptState: SetState?
    /// The first day that counts; ids of earlier days are not there.
    private(set) var floor = UTCDay(number: 0)

    /// How many ids.
    private(set) var count = 0

    /// Adds an id; `false` where it is there.
    @discardableResult
    mutating func insert(_ id: Bytes32, day: UInt64) -> Bool {
        guard trees[day, default: IDTree()].insert(id) else { return false }
        count += 1
        keptState = nil
        return true
    }

    /// Takes an id out; `false` where it is not there.
    @discardableResult
    mutating func remove(_ id: Bytes32, day: UInt64) -> Bool {
        guard trees[day]?.remove(id) ?? false else { return false }
        if trees[day]?.count == 0 { trees[day] = nil }
        count -= 1
        keptState = nil
        return true
    }

    /// Raises the floor; returns the ids of each day below it, which are gone.
    mutating func raise(to floor: UTCDay) -> [(day: UInt64, tree: IDTree)] {
        guard floor > self.floor else { return [] }
        self.floor = floor
        keptState = nil
        let gone = trees.filter { $0.key < UInt64(floor.number) }.sorted { $0.key < $1.key }
        for (day, tree) in gone {
            trees[day] = nil
            count -= tree.count
        }
        return gone.map { (day: $0.key, tree: $0.value) }
    }

    /// The whole set's count and root.
    mutating func state() -> SetState {
        if let keptState { return keptState }
        let state = state(from: floor)
        keptState = state
        return state
    }

    /// The state of a set without ids.
    static func empty(from floor: UTCDay) -> SetState {
        var set = HeldIDs()
        return set.state(from: floor)
    }

    /// Count and root of what expires on a day or later, the own floor at least.
    mutating func state(from first: UTCDay) -> SetState {
        let floor = max(floor, first)
        let days = days().filter { $0.day >= UInt64(floor.number) }
        var hash = SHA256.Stream()
        hash.append(Self.tag)
        hash.append(UInt32(days.count))
        for day in days {
            hash.append(day.day)
            hash.append(day.node.count)
            hash.append(day.node.hash)
        }
        return SetState(floor: floor, count: days.reduce(0) { $0 + $1.node.count }, root: hash.finish())
    }

    /// The tree's root of each day, ascending.
    mutating func days() -> [DayNode] {
        trees.keys.sorted().map { day in DayNode(day: day, node: node(.root, day: day)) }
    }

    /// A node of a day's tree.
    mutating func node(_ path: TreePath, day: UInt64) -> TreeNode { trees[day]?.node(path) ?? .empty }

    /// What lies below a path of a day's tree: sixteen nodes, or the ids of a leaf.
    mutating func content(on path: TreePath, day: UInt64) -> TreeContent {
        if let children = trees[day]?.children(of: path) { return .branch(children) }
        return .leaf(trees[day]?.ids(on: path) ?? [])
    }

    /// Whether an id is there.
    func contains(_ id: Bytes32) -> Bool { ids(startingWith: id.prefix).contains(id) }

    /// Calls for each id.
    func forEach(_ body: (Bytes32) -> Void) {
        for tree in trees.values { tree.forEach(body) }
    }

    /// The ids whose first eight bytes are these, in whatever day.
    func ids(startingWith prefix: UInt64) -> [Bytes32] {
        trees.values.flatMap { $0.ids(startingWith: prefix) }
    }
}

/// A day's tree.
struct DayNode: Hashable, Sendable {
    let day: UInt64
    let node: TreeNode
}

/// What lies below a path of a tree.
enum TreeContent: Hashable, Sendable {
    case branch([TreeNode])
    case leaf([Bytes32])
}
