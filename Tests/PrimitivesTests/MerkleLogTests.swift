import Primitives
import Testing

@Suite struct MerkleLogTests {
    @Test func `roots of the vectors' sizes are those of RFC 6962`() throws {
        #expect(MerkleLog.emptyRoot == (try Vector.file(.protocol)["emptyLogRoot"].word))
        let trees = try Vector.file(.protocol)["merkleLog"].list
        #expect(try trees.map { try $0["size"].int } == [1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 33])
        for tree in trees {
            var frontier = MerkleFrontier()
            for leaf in try tree["leaves"].list { frontier.append(MerkleLog.leafHash(try leaf.bytes)) }
            #expect(frontier.root == (try tree["root"].word), "size \(frontier.size)")
        }
    }

    @Test func `every path of the vectors is made, and leads to the root`() throws {
        for tree in try Vector.file(.protocol)["merkleLog"].list {
            let leaves = try tree["leaves"].list.map { MerkleLog.leafHash(try $0.bytes) }
            let reference = ReferenceTree(leaves)
            let size = try tree["size"].u64
            for vector in try tree["paths"].list {
                let (index, path) = (try vector["index"].u64, try vector["path"].words)
                let made = MerkleLog.inclusionPath(index: index, size: size) { subtree in
                    reference.root(first: Int(subtree.place) << subtree.level, count: 1 << subtree.level)
                }
                #expect(made == path, "size \(size), index \(index)")
                let root = MerkleLog.root(ofLeaf: leaves[Int(index)], index: index, size: size, path: path)
                #expect(root == (try tree["root"].word), "size \(size), index \(index)")
            }
        }
    }

    @Test func `none of the rejected paths leads to its root`() throws {
        let rejected = try Vector.file(.protocol)["merkleLogRejected"].list
        #expect(rejected.count == 68)
        for vector in rejected {
            let root = MerkleLog.root(
                ofLeaf: MerkleLog.leafHash(try vector["leaf"].bytes), index: try vector["index"].u64,
                size: try vector["size"].u64, path: try vector["path"].words)
            #expect(root != (try vector["root"].word), "\(vector.title)")
        }
    }

    @Test func `a path one hash too short or too long, or an index at the size, gives no root`() {
        let reference = ReferenceTree(ReferenceTree.leaves(70))
        for size in 1...70 {
            for index in 0..<size {
                let path = reference.path(index, size: size)
                func root(_ index: Int, _ path: [Bytes32]) -> Bytes32? {
                    MerkleLog.root(
                        ofLeaf: reference.root(first: index % size, count: 1), index: UInt64(index),
                        size: UInt64(size), path: path)
                }
                #expect(root(index, path) == reference.root(size), "size \(size), index \(index)")
                #expect(root(index, path + [.zero]) == nil, "size \(size), index \(index)")
                if !path.isEmpty { #expect(root(index, path.dropLast()) == nil, "size \(size), index \(index)") }
            }
            let whole = MerkleLog.root(ofLeaf: .zero, index: UInt64(size), size: UInt64(size), path: [])
            #expect(whole == nil)
        }
        #expect(MerkleLog.root(ofLeaf: .zero, index: 0, size: 0, path: []) == nil)
    }

    @Test func `the siblings of a path are complete subtrees that cover every other leaf once`() {
        for size: UInt64 in [1, 2, 3, 7, 8, 9, 100, 255, 256, 257] {
            for index in 0..<size {
                let siblings = MerkleLog.siblings(index: index, size: size)
                var covered = siblings.joined().flatMap { part in
                    Array((part.place << UInt64(part.level))..<((part.place + 1) << UInt64(part.level)))
                }
                covered.append(index)
                #expect(covered.sorted() == Array(0..<size), "size \(size), index \(index)")
            }
        }
    }

    @Test func `paths of a log of 2^63 leaves are 63 hashes, at no trap`() {
        let size = UInt64(1) << 63
        #expect(MerkleLog.siblings(index: 0, size: size).count == 63)
        #expect(MerkleLog.siblings(index: size - 1, size: size).count == 63)
        let path = [Bytes32](repeating: .zero, count: 63)
        #expect(MerkleLog.root(ofLeaf: .zero, index: size - 1, size: size, path: path) != nil)
        #expect(MerkleLog.root(ofLeaf: .zero, index: 0, size: .max, path: path) == nil)
    }
}
