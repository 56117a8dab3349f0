extension MerkleLog {
    /// A complete subtree: the leaves `place × 2^level ..< (place + 1) × 2^level`.
    public struct Subtree: Hashable, Sendable {
        /// The binary logarithm of its leaves.
        public let level: Int
        /// Its place among the subtrees of its level.
        public let place: UInt64

        /// Names a subtree.
        public init(level: Int, place: UInt64) {
            self.level = level
            self.place = place
        }
    }

    /// The siblings on the way from a leaf to the root, each as the complete subtrees that it is made of, widest first.
    /// - seealso: RFC 9162, section 2.1.3.1.
    public static func siblings(index: UInt64, size: UInt64) -> [[Subtree]] {
        precondition(index < size, "a path is asked for a leaf of the tree")
        var first: UInt64 = 0
        var count = size
        var siblings: [[Subtree]] = []
        while count > 1 {
            let split = largestPowerOfTwo(below: count)
            if index - first < split {
                siblings.append(subtrees(first: first + split, count: count - split))
                count = split
            } else {
                siblings.append(subtrees(first: first, count: split))
                first += split
                count -= split
            }
        }
        return siblings.reversed()
    }

    /// The inclusion path of a leaf, from hashes of complete subtrees of a tree of `size` leaves.
    public static func inclusionPath(
        index: UInt64, size: UInt64, hash: (Subtree) -> Bytes32
    ) -> [Bytes32] {
        siblings(index: index, size: size).map { root(of: $0, hash: hash) }
    }

    /// The root over neighbouring complete subtrees, widest first.
    static func root(of parts: [Subtree], hash: (Subtree) -> Bytes32) -> Bytes32 {
        var hashes = parts.map(hash)
        let last = hashes.removeLast()
        return hashes.reversed().reduce(last) { nodeHash($1, $0) }
    }

    /// The complete subtrees that `count` leaves are made of, widest first; one as wide as them could begin at `first`.
    static func subtrees(first: UInt64, count: UInt64) -> [Subtree] {
        var first = first
        var count = count
        var parts: [Subtree] = []
        while count > 0 {
            let level = 63 - count.leadingZeroBitCount
            parts.append(Subtree(level: level, place: first >> UInt64(level)))
            first += 1 << UInt64(level)
            count -= 1 << UInt64(level)
        }
        return parts
    }

    static func largestPowerOfTwo(below count: UInt64) -> UInt64 {
        1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }
}
