import Channels
import Primitives
import Testing

@Suite struct LogTreeTests {
    /// A log of 65,800 leaves as it was at some sizes around its tiles' boundaries, and the tiles it completed.
    private struct Grown: Sendable {
        var trees: [LogTree] = []
        var tiles: [LogTile: [Bytes32]] = [:]
        let leaves = ReferenceTree.leaves(65_800)

        static let sizes: Set<UInt64> = [
            1, 2, 3, 128, 254, 255, 256, 257, 258, 511, 512, 513, 700, 65_279, 65_280, 65_281, 65_535, 65_536, 65_537,
            65_538, 65_791, 65_792, 65_793, 65_800,
        ]

        init() {
            var tree = LogTree()
            for leaf in leaves {
                for completed in tree.append(leaf) { tiles[completed.tile] = completed.hashes }
                if Self.sizes.contains(tree.size) { trees.append(tree) }
            }
        }

        func indexes(_ size: UInt64, _ generator: inout SplitMix64) -> [UInt64] {
            let edges: [UInt64] = [0, 1, 127, 128, 254, 255, 256, 257, 65_279, 65_280, 65_535, 65_536, 65_791, 65_792]
            let picked = (0..<6).map { _ in UInt64.random(in: 0..<size, using: &generator) }
            return Set((edges + picked + [size - 1, size / 2]).filter { $0 < size }).sorted()
        }
    }

    private static let grown = Grown()

    @Test func `roots and paths are RFC 6962's across the boundaries of 256 and 65,536 leaves`() throws {
        let grown = Self.grown
        let reference = ReferenceTree(grown.leaves)
        var generator = SplitMix64(seed: 65_536)
        #expect(grown.trees.count == Grown.sizes.count)
        for tree in grown.trees {
            #expect(tree.root == reference.root(Int(tree.size)), "size \(tree.size)")
            let indexes = grown.indexes(tree.size, &generator)
            var asked: Set<LogTile> = []
            let paths = tree.paths(of: indexes) { tile in
                asked.insert(tile)
                return grown.tiles[tile] ?? []
            }
            for (index, path) in zip(indexes, paths) {
                let about: Comment = "seed 65536, size \(tree.size), index \(index)"
                #expect(path == reference.path(Int(index), size: Int(tree.size)), about)
                let root = MerkleLog.root(
                    ofLeaf: grown.leaves[Int(index)], index: index, size: tree.size, path: path)
                #expect(root == tree.root, about)
            }
            let needed = indexes.reduce(into: Set<LogTile>()) { $0.formUnion(tree.tilesNeeded(forPathOf: $1)) }
            #expect(asked == needed, "size \(tree.size)")
        }
    }

    @Test func `consistency proofs are RFC 9162's across the boundaries of 256 and 65,536 leaves`() throws {
        let grown = Self.grown
        let vectors = try Vector.file(.log)["consistency"].list
        let proofs = Dictionary(
            try vectors.map { ([try $0["old"].u64, try $0["new"].u64], try $0["proof"].words) }
        ) { first, _ in first }
        var known = 0
        for tree in grown.trees {
            for old in Grown.sizes.union([0]).sorted() where old <= tree.size {
                var asked: Set<LogTile> = []
                let proof = tree.consistency(from: old) { tile in
                    asked.insert(tile)
                    return grown.tiles[tile] ?? []
                }
                let about: Comment = "\(old) to \(tree.size)"
                #expect(asked == tree.tilesNeeded(forConsistencyFrom: old), about)
                if let expected = proofs[[old, tree.size]] {
                    #expect(proof == expected, about)
                    known += 1
                }
            }
        }
        #expect(known == 99)
    }

    @Test func `a proof between random sizes is good, and each spoiled in one place is not`() throws {
        let grown = Self.grown
        let reference = ReferenceTree(grown.leaves)
        var generator = SplitMix64(seed: 9_162)
        for tree in grown.trees {
            let newRoot = tree.root
            for _ in 0..<4 {
                let old = UInt64.random(in: 0...tree.size, using: &generator)
                let oldRoot = reference.root(Int(old))
                let proof = tree.consistency(from: old) { grown.tiles[$0] ?? [] }
                func isGood(_ proof: [Bytes32]) -> Bool {
                    MerkleLog.isConsistent(
                        oldSize: old, oldRoot: oldRoot, newSize: tree.size, newRoot: newRoot, proof: proof)
                }
                let about: Comment = "seed 9162, \(old) to \(tree.size)"
                #expect(isGood(proof), about)
                #expect(!isGood(proof + [.zero]), about)
                for place in proof.indices {
                    var (other, shorter) = (proof, proof)
                    other[place] = SHA256.hash(proof[place].bytes)
                    shorter.remove(at: place)
                    #expect(!isGood(other), about)
                    #expect(!isGood(shorter), about)
                }
            }
        }
    }

    @Test func `256 leaves complete a tile, and 256 tiles one of the next level`() {
        let grown = Self.grown
        #expect(grown.tiles.keys.filter { $0.level == 0 }.map(\.number).sorted() == Array(0..<257))
        #expect(grown.tiles.keys.filter { $0.level == 1 }.map(\.number) == [0])
        #expect(grown.tiles.keys.allSatisfy { $0.level < 2 })
        let reference = ReferenceTree(grown.leaves)
        for number: UInt64 in [0, 1, 255, 256] {
            let first = Int(number) * 256
            #expect(grown.tiles[LogTile(level: 0, number: number)] == Array(grown.leaves[first..<first + 256]))
        }
        let above = (0..<256).map { reference.root(first: 256 * $0, count: 256) }
        #expect(grown.tiles[LogTile(level: 1, number: 0)] == above)
    }

    @Test func `its frontier is the one that grew leaf by leaf`() {
        var tree = LogTree()
        var frontier = MerkleFrontier()
        #expect(tree.root == MerkleLog.emptyRoot)
        for leaf in ReferenceTree.leaves(1_100) {
            _ = tree.append(leaf)
            frontier.append(leaf)
            #expect(tree.frontier == frontier, "size \(tree.size)")
        }
    }

    @Test func `a stored tree goes on where it stopped, and one that does not fit its size is refused`() throws {
        let leaves = ReferenceTree.leaves(600)
        for stop in [0, 1, 255, 256, 257, 511, 512, 599] {
            var tree = LogTree()
            for leaf in leaves[..<stop] { _ = tree.append(leaf) }
            var stored = try #require(LogTree(size: tree.size, edges: tree.edges))
            for leaf in leaves[stop...] {
                _ = tree.append(leaf)
                _ = stored.append(leaf)
            }
            #expect(stored == tree, "stopped at \(stop)")
            #expect(stored.root == ReferenceTree(leaves).root(600), "stopped at \(stop)")
        }
        let one = [Bytes32.zero]
        #expect(LogTree(size: 1, edges: [one]) != nil)
        #expect(LogTree(size: 256, edges: [[], one]) != nil)
        let refused: [(UInt64, [[Bytes32]])] = [
            (0, [one]), (1, []), (1, [[]]), (1, [one + one]), (2, [one]), (256, [[]]), (256, [one]), (257, [one]),
            (257, [one, []]), (257, [[], one]), (65_536, [[], []]), (1, [one, one]),
        ]
        for (size, edges) in refused { #expect(LogTree(size: size, edges: edges) == nil, "\(size) \(edges.count)") }
    }
}
