import Primitives

/// How many ids a set has, and the hash over all of them: equal states are equal sets, whoever chose the ids.
struct SetState: Hashable, Sendable {
    let count: UInt64
    let root: Bytes32
}

/// The ids that a node holds, by epoch, with a tree over each epoch's and one root over the trees.
///
/// The root is `SHA(tagged "feesvc/held/1": list<(u64 epoch, u64 count, b32 root)>)`, ascending, epochs without ids left out.
struct HeldIDs: Sendable {
    private static let tag = CanonicalEncoder(tag: "feesvc/held/1").bytes
    private var trees: [UInt64: IDTree] = [:]
    private var keptState: SetState?

    /// How many ids.
    private(set) var count = 0

    /// Adds an id; `false` where it is there.
    @discardableResult
    mutating func insert(_ id: Bytes32, epoch: UInt64) -> Bool {
        guard trees[epoch, default: IDTree()].insert(id) else { return false }
        count += 1
        keptState = nil
        return true
    }

    /// Takes an id out; `false` where it is not there.
    @discardableResult
    mutating func remove(_ id: Bytes32, epoch: UInt64) -> Bool {
        guard trees[epoch]?.remove(id) ?? false else { return false }
        if trees[epoch]?.count == 0 { trees[epoch] = nil }
        count -= 1
        keptState = nil
        return true
    }

    /// The whole set's count and root.
    mutating func state() -> SetState {
        if let keptState { return keptState }
        let epochs = epochs()
        var hash = SHA256.Stream()
        hash.append(Self.tag)
        hash.append(UInt32(epochs.count))
        for epoch in epochs {
            hash.append(epoch.epoch)
            hash.append(epoch.node.count)
            hash.append(epoch.node.hash)
        }
        let state = SetState(count: UInt64(count), root: hash.finish())
        keptState = state
        return state
    }

    /// The tree's root of each epoch, ascending.
    mutating func epochs() -> [EpochNode] {
        trees.keys.sorted().map { epoch in EpochNode(epoch: epoch, node: node(.root, epoch: epoch)) }
    }

    /// A node of an epoch's tree.
    mutating func node(_ path: TreePath, epoch: UInt64) -> TreeNode { trees[epoch]?.node(path) ?? .empty }

    /// What lies below a path of an epoch's tree: sixteen nodes, or the ids of a leaf.
    mutating func content(on path: TreePath, epoch: UInt64) -> TreeContent {
        if let children = trees[epoch]?.children(of: path) { return .branch(children) }
        return .leaf(trees[epoch]?.ids(on: path) ?? [])
    }

    /// Calls for each id.
    func forEach(_ body: (Bytes32) -> Void) {
        for tree in trees.values { tree.forEach(body) }
    }

    /// The ids whose first eight bytes are these, in whatever epoch.
    func ids(startingWith prefix: UInt64) -> [Bytes32] {
        trees.values.flatMap { $0.ids(startingWith: prefix) }
    }
}

/// An epoch's tree.
struct EpochNode: Hashable, Sendable {
    let epoch: UInt64
    let node: TreeNode
}

/// What lies below a path of a tree.
enum TreeContent: Hashable, Sendable {
    case branch([TreeNode])
    case leaf([Bytes32])
}
