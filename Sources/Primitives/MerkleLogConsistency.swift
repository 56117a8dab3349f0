extension MerkleLog {
    /// The most hashes that a consistency proof has: a first one, and one for each level above it.
    public static let consistencyPathMax = 65

    /// What proves that a tree of `newSize` leaves begins with the tree of `oldSize`: for each hash of the proof the
    /// complete subtrees that it is made of, widest first.
    ///
    /// Empty where `oldSize` is 0 or `newSize`. An `oldSize` above `newSize` must have been refused before.
    /// - seealso: RFC 9162, section 2.1.4.1.
    public static func consistencySubtrees(oldSize: UInt64, newSize: UInt64) -> [[Subtree]] {
        precondition(oldSize <= newSize, "a proof is asked from an earlier size of the log")
        guard oldSize > 0 else { return [] }
        var first: UInt64 = 0
        var count = newSize
        var parts: [[Subtree]] = []
        while first + count > oldSize {
            let split = largestPowerOfTwo(below: count)
            if oldSize - first <= split {
                parts.append(subtrees(first: first + split, count: count - split))
                count = split
            } else {
                parts.append(subtrees(first: first, count: split))
                first += split
                count -= split
            }
        }
        // Where the way down never turned right, what is left is the whole old tree, whose root the verifier has.
        if first > 0 { parts.append(subtrees(first: first, count: count)) }
        return parts.reversed()
    }

    /// The consistency proof between two sizes, from hashes of complete subtrees of the tree of `newSize` leaves.
    public static func consistencyPath(
        oldSize: UInt64, newSize: UInt64, hash: (Subtree) -> Bytes32
    ) -> [Bytes32] {
        consistencySubtrees(oldSize: oldSize, newSize: newSize).map { root(of: $0, hash: hash) }
    }

    /// Tells whether a proof shows that the tree with `newRoot` begins with all leaves of the tree with `oldRoot`.
    ///
    /// Between equal sizes, and from size 0, the proof is empty; the tree of size 0 has no root but ``emptyRoot``.
    /// Roots bind leaves, not sizes: the sizes must come from heads that the log signed. A proof of more than
    /// ``consistencyPathMax`` hashes is refused unread.
    /// - seealso: RFC 9162, section 2.1.4.2.
    public static func isConsistent(
        oldSize: UInt64, oldRoot: Bytes32, newSize: UInt64, newRoot: Bytes32, proof: [Bytes32]
    ) -> Bool {
        guard oldSize <= newSize, oldSize > 0 || oldRoot == emptyRoot else { return false }
        if oldSize == newSize { return proof.isEmpty && oldRoot == newRoot }
        if oldSize == 0 { return proof.isEmpty }
        guard proof.count <= consistencyPathMax else { return false }
        let roots = roots(oldSize: oldSize, oldRoot: oldRoot, newSize: newSize, proof: proof)
        return roots?.old == oldRoot && roots?.new == newRoot
    }

    /// The roots that a proof between sizes 0 < old < new leads to, or `nil` where it has the wrong length.
    private static func roots(
        oldSize: UInt64, oldRoot: Bytes32, newSize: UInt64, proof: [Bytes32]
    ) -> (old: Bytes32, new: Bytes32)? {
        var node = oldSize - 1
        var last = newSize - 1
        func ascend() {
            node >>= 1
            last >>= 1
        }
        var rest = proof[...]
        // A complete old tree is a subtree of the new one, and a proof leaves out what the verifier has.
        guard let start = oldSize.nonzeroBitCount == 1 ? oldRoot : rest.popFirst() else { return nil }
        while node & 1 == 1 { ascend() }
        var roots = (old: start, new: start)
        for hash in rest {
            guard last > 0 else { return nil }
            if node & 1 == 1 || node == last {
                roots = (old: nodeHash(hash, roots.old), new: nodeHash(hash, roots.new))
                while node & 1 == 0, node != 0 { ascend() }
            } else {
                roots.new = nodeHash(roots.new, hash)
            }
            ascend()
        }
        return last == 0 ? roots : nil
    }
}
