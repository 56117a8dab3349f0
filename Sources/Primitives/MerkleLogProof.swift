extension MerkleLog {
    /// The inclusion path of a leaf, built from hashes of complete subtrees only.
    ///
    /// `subtree(level, place)` gives the hash over leaves `place × 2^level ..< (place + 1) × 2^level`; it is asked only
    /// for subtrees that lie within `size`.
    /// - seealso: RFC 9162, section 2.1.3.1.
    public static func inclusionPath<Failure: Error>(
        index: UInt64, size: UInt64, subtree: (_ level: Int, _ place: UInt64) throws(Failure) -> Bytes32
    ) throws(Failure) -> [Bytes32] {
        precondition(index < size, "a path is asked for a leaf of the tree")
        var path: [Bytes32] = []
        var first: UInt64 = 0
        var count = size
        var siblings: [(first: UInt64, count: UInt64)] = []
        while count > 1 {
            let split = largestPowerOfTwo(below: count)
            if index - first < split {
                siblings.append((first + split, count - split))
                count = split
            } else {
                siblings.append((first, split))
                first += split
                count -= split
            }
        }
        for sibling in siblings.reversed() {
            path.append(try range(first: sibling.first, count: sibling.count, subtree: subtree))
        }
        return path
    }

    private static func range<Failure: Error>(
        first: UInt64, count: UInt64, subtree: (Int, UInt64) throws(Failure) -> Bytes32
    ) throws(Failure) -> Bytes32 {
        if count.nonzeroBitCount == 1 {
            let level = count.trailingZeroBitCount
            return try subtree(level, first >> UInt64(level))
        }
        let split = largestPowerOfTwo(below: count)
        return nodeHash(
            try range(first: first, count: split, subtree: subtree),
            try range(first: first + split, count: count - split, subtree: subtree))
    }

    private static func largestPowerOfTwo(below count: UInt64) -> UInt64 {
        1 << UInt64(63 - (count - 1).leadingZeroBitCount)
    }
}
