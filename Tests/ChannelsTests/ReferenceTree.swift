import Primitives

/// RFC 6962's MTH and paths by their definition, section 2.1: slow, and nothing of the code under test but SHA-256.
final class ReferenceTree {
    private struct Range: Hashable {
        let first: Int
        let count: Int
    }

    private let leaves: [Bytes32]
    private var known: [Range: Bytes32] = [:]

    init(_ leaves: [Bytes32]) {
        self.leaves = leaves
    }

    /// The root over the first `size` leaves.
    func root(_ size: Int) -> Bytes32 { root(first: 0, count: size) }

    func root(first: Int, count: Int) -> Bytes32 {
        if count == 0 { return SHA256.hash([]) }
        if count == 1 { return leaves[first] }
        let range = Range(first: first, count: count)
        if let hash = known[range] { return hash }
        let half = Self.split(count)
        let hash = SHA256.hash(
            [1] + root(first: first, count: half).bytes + root(first: first + half, count: count - half).bytes)
        known[range] = hash
        return hash
    }

    /// The path of a leaf in the tree of the first `size` leaves.
    func path(_ index: Int, size: Int) -> [Bytes32] { path(index, first: 0, count: size) }

    private func path(_ index: Int, first: Int, count: Int) -> [Bytes32] {
        guard count > 1 else { return [] }
        let half = Self.split(count)
        return index < half
            ? path(index, first: first, count: half) + [root(first: first + half, count: count - half)]
            : path(index - half, first: first + half, count: count - half) + [root(first: first, count: half)]
    }

    private static func split(_ count: Int) -> Int {
        var half = 1
        while 2 * half < count { half *= 2 }
        return half
    }

    /// Leaf hashes that differ.
    static func leaves(_ count: Int) -> [Bytes32] { (0..<count).map { MerkleLog.leafHash(Array("leaf \($0)".utf8)) } }
}
