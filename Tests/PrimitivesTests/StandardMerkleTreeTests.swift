import Primitives
import Testing

@Suite struct StandardMerkleTreeTests {
    private static func trees() throws -> [Vector] { try Vector.file(.merkle)["trees"].list }

    /// The word of a row's member; the one index above 2^64 is the largest word.
    private static func word(_ vector: Vector) throws -> Bytes32 {
        switch vector {
        case .number(let value): Bytes32(integer: UInt128(value))
        case .text(let text): try #require(Bytes32(decimal: text))
        default: try #require(Bytes32([UInt8](repeating: 0xff, count: 32)))
        }
    }

    private static func leaf(_ row: Vector) throws -> Bytes32 {
        StandardMerkleTree.leafHash([
            try word(row["index"]), Bytes32(try row["account"].address), try word(row["amount"]),
        ])
    }

    /// The rows of a tree; the large ones are told by their rule only.
    private static func leaves(_ tree: Vector) throws -> [Bytes32] {
        if let rows = try? tree["rows"].list { return try rows.map(leaf) }
        return try (0..<(try tree["count"].u64)).map { index in
            var encoder = CanonicalEncoder()
            encoder.append(UInt32(index))
            let hash = Keccak256.hash(Array("account".utf8) + encoder.bytes)
            let account = try #require(Address(hash.bytes.prefix(20)))
            return StandardMerkleTree.leafHash([
                Bytes32(integer: UInt128(index)), Bytes32(account),
                Bytes32(integer: 1_000_000_000_000_000 * UInt128(index + 1)),
            ])
        }
    }

    @Test func `every tree has OpenZeppelin's root, hashes, places and proofs`() throws {
        let trees = try Self.trees()
        #expect(trees.count == 14)
        for vector in trees where try vector["count"].int <= 4_096 {
            let leaves = try Self.leaves(vector)
            let tree = try #require(StandardMerkleTree(leaves: leaves))
            #expect(tree.root == (try vector["root"].word), "\(vector.title)")
            if let hashes = try? vector["tree"].words { #expect(tree.hashes == hashes, "\(vector.title)") }
            for (place, claim) in try vector["claims"].list.enumerated() {
                let index = vector.title.hasSuffix("leaves") ? try claim["index"].int : place
                #expect(leaves[index] == (try claim["leaf"].word), "\(vector.title)")
                #expect(tree.treeIndex(ofLeaf: index) == (try claim["treeIndex"].int), "\(vector.title)")
                #expect(tree.proof(ofLeaf: index) == (try claim["proof"].words), "\(vector.title)")
            }
        }
    }

    @Test func `every claim of the vectors is proved, in a tree of 10,007 leaves too`() throws {
        for vector in try Self.trees() {
            let root = try vector["root"].word
            for claim in try vector["claims"].list {
                let (leaf, proof) = (try claim["leaf"].word, try claim["proof"].words)
                #expect(try Self.leaf(claim) == leaf, "\(vector.title)")
                #expect(StandardMerkleTree.verify(leaf: leaf, proof: proof, root: root), "\(vector.title)")
            }
        }
    }

    @Test func `the tree of OpenZeppelin's README has its root`() throws {
        let rows: [(UInt8, UInt128)] = [(0x11, 5_000_000_000_000_000_000), (0x22, 2_500_000_000_000_000_000)]
        let leaves = try rows.map { byte, amount in
            let account = try #require(Address([UInt8](repeating: byte, count: 20)))
            return StandardMerkleTree.leafHash([Bytes32(account), Bytes32(integer: amount)])
        }
        let tree = try #require(StandardMerkleTree(leaves: leaves))
        #expect(tree.root == (try Vector.file(.merkle)["openZeppelinReadmeRoot"].word))
    }

    @Test func `no rejected proof leads to the root`() throws {
        let rejected = try Vector.file(.merkle)["rejected"]
        let root = try rejected["root"].word
        let cases = try rejected["cases"].list
        #expect(cases.count == 8)
        for vector in cases {
            let (leaf, proof) = (try vector["leaf"].word, try vector["proof"].words)
            #expect(!StandardMerkleTree.verify(leaf: leaf, proof: proof, root: root), "\(vector.title)")
        }
        let seven = try #require(try Self.trees().first { $0.title == "7 leaves" })
        let packed = try rejected["abiEncodePackedLeafIsNot"].word
        #expect(!(try Self.leaves(seven).contains(packed)))
    }

    @Test func `an inner node verifies as if it were a leaf, so leaves are hashed twice`() throws {
        let rejected = try Vector.file(.merkle)["rejected"]
        let inner = try rejected["innerNodeVerifiesAsLeaf"]
        let (node, proof) = (try inner["node"].word, try inner["proof"].words)
        #expect(StandardMerkleTree.verify(leaf: node, proof: proof, root: try rejected["root"].word))
        let seven = try #require(try Self.trees().first { $0.title == "7 leaves" })
        #expect(!(try Self.leaves(seven).contains(node)))
    }

    @Test func `one flipped bit in leaf, proof or root fails, at every size`() throws {
        var generator = SplitMix64(seed: 28)
        func flipped(_ word: Bytes32) throws -> Bytes32 {
            var bytes = word.bytes
            bytes[Int.random(in: 0..<32, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            return try #require(Bytes32(bytes))
        }
        for size in [1, 2, 3, 4, 5, 7, 8, 9, 16, 17] {
            let leaves = (0..<size).map { StandardMerkleTree.leafHash([Bytes32(integer: UInt128($0))]) }
            let tree = try #require(StandardMerkleTree(leaves: leaves))
            for index in 0..<size {
                let proof = tree.proof(ofLeaf: index)
                let about: Comment = "seed 28, size \(size), leaf \(index)"
                #expect(StandardMerkleTree.verify(leaf: leaves[index], proof: proof, root: tree.root), about)
                let (leaf, root) = (try flipped(leaves[index]), try flipped(tree.root))
                #expect(!StandardMerkleTree.verify(leaf: leaf, proof: proof, root: tree.root), about)
                #expect(!StandardMerkleTree.verify(leaf: leaves[index], proof: proof, root: root), about)
                for place in proof.indices {
                    var other = proof
                    other[place] = try flipped(proof[place])
                    #expect(!StandardMerkleTree.verify(leaf: leaves[index], proof: other, root: tree.root), about)
                }
            }
        }
    }

    @Test func `of no leaves there is no tree, and the order of leaves does not move the root`() throws {
        #expect(StandardMerkleTree(leaves: []) == nil)
        var generator = SplitMix64(seed: 25)
        let leaves = (0..<20).map { StandardMerkleTree.leafHash([Bytes32(integer: UInt128($0))]) }
        let root = try #require(StandardMerkleTree(leaves: leaves)).root
        for round in 0..<20 {
            let other = try #require(StandardMerkleTree(leaves: leaves.shuffled(using: &generator)))
            #expect(other.root == root, "seed 25, round \(round)")
        }
    }
}
