import Primitives
import Synchronization

@testable import Node

/// A tree in which every branch is sixteen times the same branch, down to the last digit, with hashes that fit.
enum SharedTree {
    static let nodes: [TreeNode] = {
        var nodes = [TreeNode(count: 70, hash: Bytes32(integer: 1))]
        for _ in 0..<16 { nodes.append(TreeContent.branch(Array(repeating: nodes[nodes.count - 1], count: 16)).node) }
        return nodes
    }()

    static func content(_ path: TreePath) -> TreeContent {
        path.digits < 16
            ? .branch(Array(repeating: nodes[15 - path.digits], count: 16)) : .leaf([Bytes32(integer: 1)])
    }
}

/// Has a tree that somebody made up, of ids that there are not.
final class MadeUpTree: ReconcileSource {
    let asked = Mutex(0)
    private let root: TreeNode
    private let content: @Sendable (TreePath) -> TreeContent

    init(root: TreeNode, content: @escaping @Sendable (TreePath) -> TreeContent) {
        self.root = root
        self.content = content
    }

    func compare(_ state: SetState) async throws -> SetComparison { .equal }
    func places() async throws -> [PlaceRange] { [] }
    func cells(from first: Int, count: Int) async throws -> [SketchCell] { [] }
    func days() async throws -> [DayNode] { [DayNode(day: 1, node: root)] }
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        asked.withLock { $0 += 1 }
        return paths.map(content)
    }
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] { [] }
}

/// A tree of four full levels, all of it different, with hashes that fit, and nothing below.
enum WideTree {
    static let levels: [[TreeNode]] = {
        var levels = [(0..<65_536).map { TreeNode(count: 1, hash: Bytes32(integer: UInt128($0 + 1))) }]
        while levels[0].count > 1 {
            let below = levels[0]
            levels.insert(
                stride(from: 0, to: below.count, by: 16).map { TreeContent.branch(Array(below[$0..<$0 + 16])).node },
                at: 0)
        }
        return levels
    }()

    static func content(_ path: TreePath, _ levels: [[TreeNode]]) -> TreeContent {
        guard path.digits < 4 else { return .leaf([]) }
        let place = path.digits == 0 ? 0 : Int(path.prefix >> UInt64(64 - 4 * path.digits))
        return .branch(Array(levels[path.digits + 1][place * 16..<place * 16 + 16]))
    }
}
