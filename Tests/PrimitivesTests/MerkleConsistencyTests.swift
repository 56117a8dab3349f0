import Primitives
import Testing

@Suite struct MerkleConsistencyTests {
    private static let leaves = ReferenceTree.leaves(65_537)
    private let reference = ReferenceTree(Self.leaves)

    private struct Case {
        var oldSize: UInt64
        var oldRoot: Bytes32
        var newSize: UInt64
        var newRoot: Bytes32
        var proof: [Bytes32]

        init(_ vector: Vector) throws {
            oldSize = try vector["old"].u64
            oldRoot = try vector["oldRoot"].word
            newSize = try vector["new"].u64
            newRoot = try vector["newRoot"].word
            proof = try vector["proof"].words
        }

        init(_ tree: ReferenceTree, _ oldSize: UInt64, _ newSize: UInt64, proof: [Bytes32]) {
            self.oldSize = oldSize
            oldRoot = tree.root(Int(oldSize))
            self.newSize = newSize
            newRoot = tree.root(Int(newSize))
            self.proof = proof
        }

        var isConsistent: Bool {
            MerkleLog.isConsistent(
                oldSize: oldSize, oldRoot: oldRoot, newSize: newSize, newRoot: newRoot, proof: proof)
        }
    }

    private func made(_ oldSize: UInt64, _ newSize: UInt64) -> [Bytes32] {
        MerkleLog.consistencyPath(oldSize: oldSize, newSize: newSize) { part in
            reference.root(first: Int(part.place) << part.level, count: 1 << part.level)
        }
    }

    @Test func `the vectors' roots are those of the reference tree`() throws {
        for vector in try Vector.file(.log)["roots"].list {
            #expect(reference.root(try vector["size"].int) == (try vector["root"].word))
        }
    }

    @Test func `every proof of the vectors is made, and is good`() throws {
        let vectors = try Vector.file(.log)["consistency"].list
        #expect(vectors.count == 951)
        for vector in vectors {
            let (old, new, proof) = (try vector["old"].u64, try vector["new"].u64, try vector["proof"].words)
            #expect(made(old, new) == proof, "\(old) to \(new)")
            #expect(Case(reference, old, new, proof: proof).isConsistent, "\(old) to \(new)")
        }
    }

    @Test func `none of the rejected proofs is good`() throws {
        let vectors = try Vector.file(.log)["consistencyRejected"].list
        #expect(vectors.count == 759)
        for vector in vectors { #expect(!(try Case(vector).isConsistent), "\(vector.title)") }
    }

    @Test func `under other sizes a proof is good exactly where RFC 9162 says so`() throws {
        let vectors = try Vector.file(.log)["consistencySizesMoved"].list
        #expect(vectors.count == 1_140)
        for vector in vectors {
            let (old, new) = (try vector["old"].u64, try vector["new"].u64)
            var moved = Case(reference, old, new, proof: made(old, new))
            moved.oldSize = try vector["asOld"].u64
            moved.newSize = try vector["asNew"].u64
            let about: Comment = "\(old) to \(new) as \(moved.oldSize) to \(moved.newSize)"
            #expect(moved.isConsistent == (try vector["isAccepted"].flag), about)
        }
    }

    @Test func `sizes up to 2^64 - 1 are proved with at most 65 hashes, at no trap`() throws {
        let vectors = try Vector.file(.log)["consistencyHuge"].list
        var complete = [MerkleLog.leafHash(Array("leaf".utf8))]
        for level in 0..<63 { complete.append(MerkleLog.nodeHash(complete[level], complete[level])) }
        var longest = 0
        for vector in vectors {
            let sizes = try ["old", "new"].map { UInt64(try vector[$0].amount.units) }
            let proof = try vector["proof"].words
            let about: Comment = "\(sizes[0]) to \(sizes[1])"
            let made = MerkleLog.consistencyPath(oldSize: sizes[0], newSize: sizes[1]) { complete[$0.level] }
            #expect(made == proof, about)
            let roots = try ["oldRoot", "newRoot"].map { try vector[$0].word }
            func isConsistent(_ proof: [Bytes32]) -> Bool {
                MerkleLog.isConsistent(
                    oldSize: sizes[0], oldRoot: roots[0], newSize: sizes[1], newRoot: roots[1], proof: proof)
            }
            #expect(isConsistent(proof), about)
            #expect(!isConsistent(proof + [.zero]), about)
            if !proof.isEmpty { #expect(!isConsistent(proof.dropLast()), about) }
            longest = max(longest, proof.count)
        }
        #expect(longest == MerkleLog.consistencyPathMax)
    }

    @Test func `the subtrees of a proof and the old tree cover each leaf of the new one`() {
        for new: UInt64 in 1...130 {
            for old in 1..<new {
                let parts = MerkleLog.consistencySubtrees(oldSize: old, newSize: new)
                let isOldComplete = old.nonzeroBitCount == 1
                var covered = isOldComplete ? Array(0..<old) : []
                covered += parts.joined().flatMap { part in
                    (part.place << UInt64(part.level))..<((part.place + 1) << UInt64(part.level))
                }
                #expect(covered.sorted() == Array(0..<new), "\(old) to \(new)")
            }
        }
    }

    @Test func `between equal sizes and from size 0 the proof is empty`() {
        for size: UInt64 in [0, 1, 2, 7, 8, 40] {
            for old in [0, size] {
                #expect(made(old, size).isEmpty)
                var shown = Case(reference, old, size, proof: [])
                #expect(shown.isConsistent, "\(old) to \(size)")
                shown.proof = [shown.oldRoot]
                #expect(!shown.isConsistent, "\(old) to \(size)")
                shown.proof = []
                shown.oldRoot = .zero
                #expect(!shown.isConsistent, "\(old) to \(size)")
            }
        }
        #expect(MerkleLog.consistencySubtrees(oldSize: .max, newSize: .max).isEmpty)
    }

    @Test func `a proof spoiled in one place is refused`() {
        var generator = SplitMix64(seed: 9_162)
        for _ in 0..<60 {
            let new = UInt64.random(in: 2...4_000, using: &generator)
            let old = UInt64.random(in: 1..<new, using: &generator)
            let good = Case(reference, old, new, proof: made(old, new))
            #expect(good.isConsistent, "seed 9162, \(old) to \(new)")
            for (what, spoiled) in Self.mutations(of: good.proof, &generator) {
                var bad = good
                bad.proof = spoiled
                #expect(!bad.isConsistent, "seed 9162, \(old) to \(new): \(what)")
            }
        }
    }

    private static func mutations(
        of proof: [Bytes32], _ generator: inout SplitMix64
    ) -> [(what: String, proof: [Bytes32])] {
        var all: [(what: String, proof: [Bytes32])] = []
        for place in proof.indices {
            var bytes = proof[place].bytes
            bytes[Int.random(in: 0..<32, using: &generator)] ^= 1 << UInt8.random(in: 0...7, using: &generator)
            var (flipped, dropped, doubled) = (proof, proof, proof)
            flipped[place] = Bytes32(bytes) ?? .zero
            dropped.remove(at: place)
            doubled.insert(proof[place], at: place)
            all += [("flip \(place)", flipped), ("drop \(place)", dropped), ("double \(place)", doubled)]
            let other = Int.random(in: proof.indices, using: &generator)
            var swapped = proof
            swapped.swapAt(place, other)
            if other != place { all.append(("swap \(place) and \(other)", swapped)) }
        }
        for place in 0...proof.count {
            var longer = proof
            longer.insert(SHA256.hash([UInt8(place)]), at: place)
            all.append(("insert at \(place)", longer))
        }
        return all
    }
}
