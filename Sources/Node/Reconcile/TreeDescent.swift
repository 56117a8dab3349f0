import Primitives

/// Goes down a peer's trees where they differ from the own ones, to the ids that are not held.
///
/// Every node that a peer shows has to have the hash that the node above it named, and an id has to lie on its path. Where that is
/// not so the descent ends there: the peer's set has changed meanwhile, or it lies. A hash says nothing of where it lies, so a
/// made-up tree can be wide at little cost: deeper levels come first, the questions are counted, and a descent ends where a peer
/// shows one subtree on two paths, since no id lies on both.
struct TreeDescent {
    /// The most ids that are returned; the next session finds the others.
    let idsMax: Int
    /// The first day that counts: what expires earlier is of no use here.
    var floor = UTCDay(number: 0)
    /// The most questions of a descent.
    var questionsMax = 4_096

    func ids(_ replica: any ReconcileReplica, _ source: any ReconcileSource) async throws -> [Bytes32] {
        let ours = Dictionary(
            try await replica.days().map { ($0.day, $0.node) }, uniquingKeysWith: { first, _ in first })
        var found: [Bytes32] = []
        var questions = questionsMax
        for day in try await source.days() where day.day >= UInt64(floor.number) && ours[day.day] != day.node {
            try await descend(day.day, to: day.node, &found, &questions, replica, source)
            guard found.count < idsMax, questions > 0 else { break }
        }
        return found
    }

    private func descend(
        _ day: UInt64, to root: TreeNode, _ found: inout [Bytes32], _ questions: inout Int,
        _ replica: any ReconcileReplica, _ source: any ReconcileSource
    ) async throws {
        var open = [(path: TreePath.root, node: root)]
        var shown: Set<Bytes32> = []
        while !open.isEmpty, found.count < idsMax, questions > 0 {
            questions -= 1
            let portion = Array(open.suffix(PeerQuestion.pathsMax))
            open.removeLast(portion.count)
            guard portion.allSatisfy({ shown.insert($0.node.hash).inserted }) else { return }
            let paths = portion.map(\.path)
            let theirs = try await source.tree(day: day, paths: paths)
            let ours = try await replica.tree(day: day, paths: paths)
            guard theirs.count == paths.count, ours.count == paths.count else { return }
            for (place, content) in theirs.enumerated() {
                guard content.node == portion[place].node, content.lies(on: paths[place]) else { continue }
                switch (content, ours[place]) {
                case (.leaf(let ids), .leaf(let own)):
                    let own = Set(own)
                    found += ids.filter { !own.contains($0) }
                case (.leaf(let ids), .branch): found += ids
                case (.branch(let children), .branch(let own)):
                    for (child, path) in zip(children.indices, paths[place].children)
                    where children[child] != own[child] && children[child].count > 0 {
                        open.append((path, children[child]))
                    }
                case (.branch(let children), .leaf):
                    for (child, path) in zip(children, paths[place].children) where child.count > 0 {
                        open.append((path, child))
                    }
                }
            }
        }
    }
}

extension TreeContent {
    /// Whether it can lie below a path: ids have to begin with it, and only so many digits branch.
    fileprivate func lies(on path: TreePath) -> Bool {
        switch self {
        case .leaf(let ids): ids.allSatisfy { (path.prefix...path.last).contains($0.prefix) }
        case .branch: path.digits < TreePath.digitsMax
        }
    }
}
