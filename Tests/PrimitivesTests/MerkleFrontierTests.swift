import Primitives
import Testing

@Suite struct MerkleFrontierTests {
    @Test func `its root is the tree's for every size up to 600`() {
        let leaves = ReferenceTree.leaves(600)
        let reference = ReferenceTree(leaves)
        var frontier = MerkleFrontier()
        #expect(frontier.root == MerkleLog.emptyRoot)
        for (index, leaf) in leaves.enumerated() {
            frontier.append(leaf)
            #expect(frontier.size == UInt64(index + 1))
            #expect(frontier.root == reference.root(index + 1), "size \(index + 1)")
            #expect(frontier.hashes.count == (index + 1).nonzeroBitCount)
        }
    }

    @Test func `it reports each complete subtree once, when its last leaf comes`() {
        let leaves = ReferenceTree.leaves(256)
        let reference = ReferenceTree(leaves)
        var frontier = MerkleFrontier()
        var reported = 0
        for (index, leaf) in leaves.enumerated() {
            var next = 0
            frontier.append(leaf) { level, hash in
                let first = index + 1 - (1 << level)
                #expect(level == next)
                #expect(hash == reference.root(first: first, count: 1 << level), "index \(index), level \(level)")
                next += 1
                reported += 1
            }
            #expect(next == (index + 1).trailingZeroBitCount + 1)
        }
        #expect(reported == 511)
    }

    @Test func `a stored one goes on where it stopped`() throws {
        let leaves = ReferenceTree.leaves(100)
        var whole = MerkleFrontier()
        for leaf in leaves { whole.append(leaf) }
        for stop in 0...100 {
            var first = MerkleFrontier()
            for leaf in leaves[..<stop] { first.append(leaf) }
            var second = try #require(MerkleFrontier(size: first.size, hashes: first.hashes))
            for leaf in leaves[stop...] { second.append(leaf) }
            #expect(second == whole, "stopped at \(stop)")
        }
    }

    @Test func `a count of hashes that does not fit the size is refused`() {
        for size: UInt64 in [0, 1, 2, 3, 7, 8, 255, .max] {
            let fits = size.nonzeroBitCount
            #expect(MerkleFrontier(size: size, hashes: [Bytes32](repeating: .zero, count: fits)) != nil)
            #expect(MerkleFrontier(size: size, hashes: [Bytes32](repeating: .zero, count: fits + 1)) == nil)
            if fits > 0 {
                #expect(MerkleFrontier(size: size, hashes: [Bytes32](repeating: .zero, count: fits - 1)) == nil)
            }
        }
    }
}
