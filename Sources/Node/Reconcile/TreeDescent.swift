import Primitives

/// Goes down a peer's trees where they differ from the own ones, to the ids that are not held.
///
/// Every node that a peer shows has to have the hash that the node above it named, so a peer can't lead on for longer than
/// a tree of its own count is deep. Where it does not, the descent ends there: the peer's set has changed meanwhile, or it lies.
struct TreeDescent {
    /// The most ids that are returned; the next session finds the others.
    let idsMax: Int

    func ids(_ replica: any ReconcileReplica, _ source: any ReconcileSource) async throws -> [Bytes32] {
        let ours = Dictionary(
            try await replica.days().map { ($0.day, $0.node) }, uniquingKeysWith: { first, _ in first })
        var found: [Bytes32] = []
        for day in try await source.days() where ours[day.day] != day.node {
            try await descend(day.day, to: day.node, &found, replica, source)
            guard found.count < idsMax else { break }
        }
        return found
    }

    private func descend(
        _ day: UInt64, to root: TreeNode, _ found: inout [Bytes32], _ replica: any ReconcileReplica,
        _ source: any ReconcileSource
    ) async throws {
        var level = [(path: TreePath.root, node: root)]
        while !level.isEmpty, found.count < idsMax {
            let portion = Array(level.prefix(PeerQuestion.pathsMax))
            level.removeFirst(portion.count)
            let paths = portion.map(\.path)
            let theirs = try await source.tree(day: day, paths: paths)
            let ours = try await replica.tree(day: day, paths: paths)
            guard theirs.count == paths.count, ours.count == paths.count else { return }
            for (place, content) in theirs.enumerated() {
                guard content.node == portion[place].node else { continue }
                switch (content, ours[place]) {
                case (.leaf(let ids), .leaf(let own)):
                    let own = Set(own)
                    found += ids.filter { !own.contains($0) }
                case (.leaf(let ids), .branch): found += ids
                case (.branch(let children), .branch(let own)):
                    for (child, path) in zip(children.indices, paths[place].children)
                    where children[child] != own[child] && children[child].count > 0 {
                        level.append((path, children[child]))
                    }
                case (.branch(let children), .leaf):
                    for (child, path) in zip(children, paths[place].children) where child.count > 0 {
                        level.append((path, child))
                    }
                }
            }
        }
    }
}
