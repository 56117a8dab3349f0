/// OpenZeppelin's StandardMerkleTree: what `MerkleProof.sol` verifies on a chain.
///
/// A leaf is keccak256(keccak256(abi.encode(values))), a node keccak256 of its children in order of size, and the
/// 2n − 1 hashes stand in one array with the root first and the leaves, sorted, from the end.
/// - seealso: OpenZeppelin/merkle-tree, `src/core.ts` and `src/standard.ts`.
public struct StandardMerkleTree: Sendable {
    /// The hashes, root first.
    public let hashes: [Bytes32]
    private let places: [Int]

    /// Builds the tree of one or more leaf hashes; of none there is no tree, and `nil`.
    public init?(leaves: [Bytes32]) {
        guard !leaves.isEmpty else { return nil }
        let sorted = leaves.indices.sorted { leaves[$0] < leaves[$1] }
        var hashes = [Bytes32](repeating: .zero, count: 2 * leaves.count - 1)
        var places = [Int](repeating: 0, count: leaves.count)
        for (order, leaf) in sorted.enumerated() {
            let place = hashes.count - 1 - order
            hashes[place] = leaves[leaf]
            places[leaf] = place
        }
        for place in stride(from: leaves.count - 2, through: 0, by: -1) {
            hashes[place] = Self.node(hashes[2 * place + 1], hashes[2 * place + 2])
        }
        self.hashes = hashes
        self.places = places
    }

    /// The root.
    public var root: Bytes32 { hashes[0] }

    /// Where the leaf that was given at `index` stands in ``hashes``.
    public func treeIndex(ofLeaf index: Int) -> Int { places[index] }

    /// The siblings from the leaf that was given at `index` up to the root.
    public func proof(ofLeaf index: Int) -> [Bytes32] {
        var place = places[index]
        var proof: [Bytes32] = []
        while place > 0 {
            proof.append(hashes[place.isMultiple(of: 2) ? place - 1 : place + 1])
            place = (place - 1) / 2
        }
        return proof
    }

    /// Tells whether `proof` leads from `leaf` to `root`.
    public static func verify(leaf: Bytes32, proof: [Bytes32], root: Bytes32) -> Bool {
        proof.reduce(leaf) { node($0, $1) } == root
    }

    /// keccak256(keccak256(abi.encode(words))) for values of static size.
    public static func leafHash(_ words: [Bytes32]) -> Bytes32 {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(32 * words.count)
        for word in words { word.append(to: &bytes) }
        return Keccak256.hash(Keccak256.hash(bytes).bytes)
    }

    private static func node(_ a: Bytes32, _ b: Bytes32) -> Bytes32 {
        let (low, high) = a < b ? (a, b) : (b, a)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(64)
        low.append(to: &bytes)
        high.append(to: &bytes)
        return Keccak256.hash(bytes)
    }
}
