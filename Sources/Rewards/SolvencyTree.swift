public import Primitives

/// One thing that is owed, in a tree of all of them.
public struct Liability: Hashable, Sendable {
    /// The ledger's account, or a channel as `channel:` and its id.
    public let account: String
    /// Hides the account from those who see only hashes.
    public let salt: Bytes32
    /// What is owed.
    public let amount: Amount

    /// Makes a liability.
    public init(account: String, salt: Bytes32, amount: Amount) {
        self.account = account
        self.salt = salt
        self.amount = amount
    }

    /// SHA-256 of `tagged "feesvc/liability/1": text account, b32 salt, u128 amount`.
    public var leaf: Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/liability/1")
        encoder.append(account)
        encoder.append(salt)
        encoder.append(amount)
        return SHA256.hash(encoder.bytes)
    }
}

/// A node of a Merkle-sum tree: a hash, and what all leaves below it add up to.
public struct SummedHash: Hashable, Sendable {
    /// The hash.
    public let hash: Bytes32
    /// The sum.
    public let sum: Amount

    /// Makes a node.
    public init(hash: Bytes32, sum: Amount) {
        self.hash = hash
        self.sum = sum
    }

    /// SHA-256 of `tagged "feesvc/liabilities/1": b32 left, u128 leftSum, b32 right, u128 rightSum`: each side's sum is
    /// committed by itself, so that none can be moved to the other.
    static func parent(_ left: SummedHash, _ right: SummedHash) throws(AmountError) -> SummedHash {
        var encoder = CanonicalEncoder(tag: "feesvc/liabilities/1")
        for child in [left, right] {
            encoder.append(child.hash)
            encoder.append(child.sum)
        }
        return SummedHash(hash: SHA256.hash(encoder.bytes), sum: try left.sum.adding(right.sum))
    }
}

/// The Merkle-sum tree of everything that is owed: its root's sum is what the ledger owes in all, and whoever is owed
/// something proves that it is in there with its amount. Shaped as RFC 6962, leaves ascending by hash.
public struct SolvencyTree: Sendable {
    /// Levels from the leaves to the root; the last node of an odd level moves up as it is.
    private let levels: [[SummedHash]]
    private let places: [Bytes32: Int]

    /// Builds the tree. Throws where the sum is above 2^128 − 1.
    public init(_ liabilities: some Sequence<Liability>) throws(AmountError) {
        let leaves = liabilities.map { SummedHash(hash: $0.leaf, sum: $0.amount) }.sorted { $0.hash < $1.hash }
        places = Dictionary(leaves.enumerated().map { ($1.hash, $0) }) { first, _ in first }
        var levels = [leaves]
        var level = leaves
        while level.count > 1 {
            var next: [SummedHash] = []
            next.reserveCapacity((level.count + 1) / 2)
            for place in stride(from: 0, to: level.count - 1, by: 2) {
                next.append(try .parent(level[place], level[place + 1]))
            }
            if !level.count.isMultiple(of: 2), let last = level.last { next.append(last) }
            levels.append(next)
            level = next
        }
        self.levels = levels
    }

    /// How many liabilities there are.
    public var count: Int { levels[0].count }

    /// The root; of none SHA-256 of the text `feesvc/no-liabilities/1`, and zero.
    public var root: SummedHash { levels.last?.first ?? Self.empty }

    static let empty = SummedHash(
        hash: SHA256.hash(CanonicalEncoder(tag: "feesvc/no-liabilities/1").bytes), sum: .zero)

    /// The proof that a liability is in the tree; `nil` where it is not.
    public func proof(of liability: Liability) -> SolvencyProof? {
        guard var place = places[liability.leaf] else { return nil }
        let index = place
        var path: [SummedHash] = []
        for level in levels.dropLast() {
            let sibling = place ^ 1
            if sibling < level.count { path.append(level[sibling]) }
            place /= 2
        }
        return SolvencyProof(liability: liability, index: UInt64(index), count: UInt64(count), path: path)
    }
}

/// That one liability is among all that are owed.
public struct SolvencyProof: Hashable, Sendable {
    /// What is owed.
    public let liability: Liability
    /// The leaf's place among all, ascending by hash.
    public let index: UInt64
    /// How many there are.
    public let count: UInt64
    /// The siblings from the leaf to the root, with their sums.
    public let path: [SummedHash]

    /// Makes a proof.
    public init(liability: Liability, index: UInt64, count: UInt64, path: [SummedHash]) {
        self.liability = liability
        self.index = index
        self.count = count
        self.path = path
    }

    /// The root that the proof leads to; `nil` where it has not the length that its place has, or sums leave 128 bits.
    public var root: SummedHash? {
        guard index < count else { return nil }
        var node = SummedHash(hash: liability.leaf, sum: liability.amount)
        var (place, last) = (index, count - 1)
        var rest = path[...]
        while last > 0 {
            // The last of an odd level has no sibling.
            if place < last || !place.isMultiple(of: 2) {
                guard let sibling = rest.popFirst() else { return nil }
                let parent = try? place.isMultiple(of: 2) ? SummedHash.parent(node, sibling) : .parent(sibling, node)
                guard let parent else { return nil }
                node = parent
            }
            place /= 2
            last /= 2
        }
        return rest.isEmpty ? node : nil
    }
}

/// What a service owed when its journal ended with an entry: `SHA` of its bytes is what it stands by.
public struct SolvencyStatement: Hashable, Sendable {
    /// The log.
    public let logID: Bytes32
    /// The journal's last entry.
    public let entry: UInt64
    /// That entry's hash.
    public let entryHash: Bytes32
    /// How many liabilities there are.
    public let leaves: UInt64
    /// The tree's root, with the sum of all that is owed.
    public let root: SummedHash

    /// Makes a statement.
    public init(logID: Bytes32, entry: UInt64, entryHash: Bytes32, leaves: UInt64, root: SummedHash) {
        self.logID = logID
        self.entry = entry
        self.entryHash = entryHash
        self.leaves = leaves
        self.root = root
    }

    /// `tagged "feesvc/solvency/1": b32 logId, u64 entry, b32 entryHash, u64 leaves, b32 root, u128 total`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/solvency/1")
        encoder.append(logID)
        encoder.append(entry)
        encoder.append(entryHash)
        encoder.append(leaves)
        encoder.append(root.hash)
        encoder.append(root.sum)
        return encoder.bytes
    }

    /// SHA-256 of the canonical bytes.
    public var hash: Bytes32 { SHA256.hash(canonicalBytes) }

    /// Tells whether a proof leads to what is stated.
    public func isProved(_ proof: SolvencyProof) -> Bool { proof.count == leaves && proof.root == root }
}
