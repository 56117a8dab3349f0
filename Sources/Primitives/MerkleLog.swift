/// The append-only Merkle tree of RFC 6962 (section 2.1) over SHA-256.
public enum MerkleLog {
    /// SHA-256(0x00 ‖ leaf).
    public static func leafHash(_ leaf: [UInt8]) -> Bytes32 {
        withUnsafeTemporaryAllocation(byteCount: leaf.count + 1, alignment: 8) { bytes in
            bytes[0] = 0x00
            UnsafeMutableRawBufferPointer(rebasing: bytes[1...]).copyBytes(from: leaf)
            return SHA256.hash(UnsafeRawBufferPointer(bytes))
        }
    }

    /// SHA-256(0x01 ‖ left ‖ right).
    public static func nodeHash(_ left: Bytes32, _ right: Bytes32) -> Bytes32 {
        withUnsafeTemporaryAllocation(byteCount: 65, alignment: 8) { bytes in
            bytes[0] = 0x01
            left.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[1..<33]))
            right.write(to: UnsafeMutableRawBufferPointer(rebasing: bytes[33..<65]))
            return SHA256.hash(UnsafeRawBufferPointer(bytes))
        }
    }

    /// The root of a tree without leaves: SHA-256 of nothing.
    public static let emptyRoot = SHA256.hash([])

    /// Recomputes the root that an inclusion path leads to, or `nil` where the path has the wrong length.
    /// - seealso: RFC 9162, section 2.1.3.2.
    public static func root(
        ofLeaf leafHash: Bytes32, index: UInt64, size: UInt64, path: [Bytes32]
    ) -> Bytes32? {
        guard index < size else { return nil }
        var node = index
        var last = size - 1
        var hash = leafHash
        for sibling in path {
            guard last > 0 else { return nil }
            if node & 1 == 1 || node == last {
                hash = nodeHash(sibling, hash)
                while node & 1 == 0, node != 0 {
                    node >>= 1
                    last >>= 1
                }
            } else {
                hash = nodeHash(hash, sibling)
            }
            node >>= 1
            last >>= 1
        }
        return last == 0 ? hash : nil
    }
}

/// The hashes of the complete subtrees at the right edge of a log, from which it grows: one for each bit of its size.
///
/// Also known as a compact range. 64 hashes at most, whatever the size.
public struct MerkleFrontier: Hashable, Sendable {
    /// The number of leaves.
    public private(set) var size: UInt64
    /// The hashes, widest subtree first; as many as `size` has one bits.
    public private(set) var hashes: [Bytes32]

    /// An empty log.
    public init() {
        size = 0
        hashes = []
    }

    /// A stored frontier; `nil` where the count of hashes does not fit the size.
    public init?(size: UInt64, hashes: [Bytes32]) {
        guard hashes.count == size.nonzeroBitCount else { return nil }
        self.size = size
        self.hashes = hashes
    }

    /// Appends a leaf's hash and reports each complete subtree of 2^level leaves that it finishes, level 0 first.
    public mutating func append(_ leafHash: Bytes32, completed: (_ level: Int, _ hash: Bytes32) -> Void = { _, _ in }) {
        var hash = leafHash
        var level = 0
        completed(0, hash)
        var remaining = size
        while remaining & 1 == 1, let left = hashes.popLast() {
            hash = MerkleLog.nodeHash(left, hash)
            level += 1
            completed(level, hash)
            remaining >>= 1
        }
        hashes.append(hash)
        size += 1
    }

    /// The tree's root.
    public var root: Bytes32 {
        guard var hash = hashes.last else { return MerkleLog.emptyRoot }
        for left in hashes.dropLast().reversed() { hash = MerkleLog.nodeHash(left, hash) }
        return hash
    }
}
