import Primitives
import Testing

@testable import Node

@Suite struct IDTreeTests {
    @Test func `trees and roots are those of the vectors, whatever the order`() {
        for vector in SetVectors.all.trees {
            var tree = IDTree()
            for id in numberedIDs(vector.first, vector.count).shuffled(seed: vector.count) { tree.insert(id) }
            #expect(tree.node(.root) == TreeNode(count: vector.count, hash: vector.hash), "\(vector.count) ids")
        }
        for vector in SetVectors.all.held {
            var held = HeldIDs()
            for part in vector.days.reversed() {
                for id in numberedIDs(part.first, part.count) { held.insert(id, day: part.day) }
            }
            #expect(held.state().root == vector.root)
        }
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `a tree that grows and shrinks in any order is that of its set`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let universe = numberedIDs(seed << 32, [40, 70, 300, 600, 1_500, 9_000][Int(seed)])
        var tree = IDTree()
        var set: Set<Bytes32> = []
        for step in 0..<3 * universe.count {
            let id = universe[Int.random(in: 0..<universe.count, using: &generator)]
            if Int.random(in: 0..<3, using: &generator) == 0 {
                #expect(tree.remove(id) == (set.remove(id) != nil))
            } else {
                #expect(tree.insert(id) == set.insert(id).inserted)
            }
            if step.isMultiple(of: universe.count / 3) { compare(&tree, with: set) }
        }
        compare(&tree, with: set)
        for id in set { tree.remove(id) }
        compare(&tree, with: [])
    }

    private func compare(_ tree: inout IDTree, with set: Set<Bytes32>) {
        var fresh = IDTree()
        for id in set.sorted() { fresh.insert(id) }
        #expect(tree.node(.root) == fresh.node(.root) && tree.count == set.count)
        #expect(tree.ids(on: .root) == set.sorted())
        var ids: [Bytes32] = []
        tree.forEach { ids.append($0) }
        #expect(ids == set.sorted())
        var level = [TreePath.root]
        while let path = level.popLast() {
            let below = set.filter { TreePath(of: $0, digits: path.digits) == path }
            #expect(tree.node(path).count == UInt64(below.count))
            if let children = tree.children(of: path) {
                #expect(TreeContent.branch(children).node == tree.node(path) && below.count > IDTree.leafMax)
                level += zip(path.children, children).filter { $1.count > 0 }.map(\.0)
            } else {
                #expect(below.count <= IDTree.leafMax && tree.ids(on: path) == below.sorted())
                #expect(TreeContent.leaf(below.sorted()).node == tree.node(path))
            }
        }
    }

    @Test func `P3: equal roots are equal sets: of all sets of ten ids in two days no two share one`() {
        let ids = numberedIDs(0, 10)
        var roots: [Bytes32: Int] = [:]
        for set in 0..<1 << 10 {
            var held = HeldIDs()
            for place in 0..<10 where set >> place & 1 == 1 { held.insert(ids[place], day: UInt64(place % 2)) }
            #expect(roots.updateValue(set, forKey: held.state().root) == nil)
            #expect(held.count == set.nonzeroBitCount)
        }
    }

    @Test func `P3: sets whose ids have the same exclusive or, or the same sum, have other roots`() {
        // Found by elimination, as an attacker would: two sets of chosen ids that XOR fingerprints can't tell apart.
        var basis: [(id: Bytes32, of: Set<Bytes32>)] = []
        var subset: Set<Bytes32> = []
        for id in numberedIDs(0, 300) {
            var row = (id: id, of: Set([id]))
            for other in basis where row.id.leading == other.id.leading {
                row = (xor(row.id, other.id), row.of.symmetricDifference(other.of))
            }
            guard row.id != .zero else {
                subset = row.of
                break
            }
            basis.append(row)
            basis.sort { $1.id < $0.id }
        }
        #expect(subset.count > 1 && subset.reduce(Bytes32.zero, xor) == .zero)
        let rest = Set(numberedIDs(1_000, 50))
        var with = HeldIDs()
        var without = HeldIDs()
        for id in rest.union(subset) { with.insert(id, day: 1) }
        for id in rest { without.insert(id, day: 1) }
        #expect(with.state().root != without.state().root)
        let sums = (
            [1, 4].map { Bytes32(integer: $0) }, [2, 3].map { Bytes32(integer: $0) }
        )
        #expect(TreeContent.leaf(sums.0).node != TreeContent.leaf(sums.1).node)
    }

    @Test func `the ids of a prefix are found in every day`() {
        var held = HeldIDs()
        let ids = numberedIDs(0, 3_000)
        for (place, id) in ids.enumerated() { held.insert(id, day: UInt64(place % 7)) }
        for id in ids.prefix(200) { #expect(held.ids(startingWith: id.prefix) == [id]) }
        #expect(held.ids(startingWith: 0).isEmpty && held.ids(startingWith: UInt64.max).isEmpty)
    }
}

private func xor(_ a: Bytes32, _ b: Bytes32) -> Bytes32 {
    let (a, b) = (a.words, b.words)
    return Bytes32(words: (a.0 ^ b.0, a.1 ^ b.1, a.2 ^ b.2, a.3 ^ b.3))
}

extension Bytes32 {
    /// The place of the highest bit.
    fileprivate var leading: Int {
        let words = words
        for (place, word) in [words.0, words.1, words.2, words.3].enumerated() where word != 0 {
            return place * 64 + word.leadingZeroBitCount
        }
        return 256
    }
}
