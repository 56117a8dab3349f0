public import Primitives

/// A block of 256 neighbouring subtree hashes of the log: at level l each stands for 256^l leaves.
public struct LogTile: Hashable, Sendable {
    /// The hashes of a complete tile.
    public static let width = 256

    /// 0 for leaf hashes.
    public let level: Int
    /// Its place among the tiles of its level.
    public let number: UInt64

    /// Names a tile.
    public init(level: Int, number: UInt64) {
        self.level = level
        self.number = number
    }
}

/// The log's tree as its writer keeps it: the incomplete tiles at the right edge, from which root and paths follow.
public struct LogTree: Hashable, Sendable {
    /// The number of leaves.
    public private(set) var size: UInt64
    /// For each level the hashes of its incomplete tile, fewer than 256.
    public private(set) var edges: [[Bytes32]]

    /// An empty log.
    public init() {
        size = 0
        edges = []
    }

    /// A stored tree; `nil` where the counts of hashes do not fit the size.
    public init?(size: UInt64, edges: [[Bytes32]]) {
        for (level, hashes) in edges.enumerated() where UInt64(hashes.count) != (size >> UInt64(8 * level)) & 255 {
            return nil
        }
        guard edges.count >= 8 || size >> UInt64(8 * edges.count) == 0 else { return nil }
        self.size = size
        self.edges = edges
    }

    /// Appends a leaf's hash; returns the tiles that it completes, level 0 first.
    public mutating func append(_ leafHash: Bytes32) -> [(tile: LogTile, hashes: [Bytes32])] {
        var completed: [(tile: LogTile, hashes: [Bytes32])] = []
        var hash = leafHash
        var level = 0
        size += 1
        while true {
            if edges.count == level { edges.append([]) }
            edges[level].append(hash)
            guard edges[level].count == LogTile.width else { return completed }
            let hashes = edges[level]
            completed.append((LogTile(level: level, number: (size >> UInt64(8 * (level + 1))) - 1), hashes))
            edges[level] = []
            hash = Self.combine(hashes[...])
            level += 1
        }
    }

    /// The compact range at the right edge.
    public var frontier: MerkleFrontier {
        var hashes: [Bytes32] = []
        for bit in stride(from: 63, through: 0, by: -1) where size >> UInt64(bit) & 1 == 1 {
            let level = bit / 8
            let width = 1 << (bit % 8)
            let end = Int((size >> UInt64(8 * level)) & 255) & ~(width - 1)
            hashes.append(Self.combine(edges[level][end - width..<end]))
        }
        guard let frontier = MerkleFrontier(size: size, hashes: hashes) else {
            preconditionFailure("a log has one complete subtree for each bit of its size")
        }
        return frontier
    }

    /// The root.
    public var root: Bytes32 { frontier.root }

    private func isComplete(_ tile: LogTile) -> Bool {
        (tile.number + 1) << UInt64(8 * (tile.level + 1)) <= size
    }

    private func subtree(_ asked: MerkleLog.Subtree, tile: (LogTile) -> [Bytes32]) -> Bytes32 {
        let width = 1 << (asked.level % 8)
        let first = asked.place << UInt64(asked.level % 8)
        let holder = LogTile(level: asked.level / 8, number: first >> 8)
        let hashes = isComplete(holder) ? tile(holder) : edges[holder.level]
        let start = Int(first & 255)
        precondition(start + width <= hashes.count, "only complete subtrees of the log are asked for")
        return Self.combine(hashes[start..<start + width])
    }

    private func completeTiles(of parts: [[MerkleLog.Subtree]]) -> Set<LogTile> {
        var needed: Set<LogTile> = []
        for subtree in parts.joined() {
            let number = (subtree.place << UInt64(subtree.level % 8)) >> 8
            let tile = LogTile(level: subtree.level / 8, number: number)
            if isComplete(tile) { needed.insert(tile) }
        }
        return needed
    }

    /// The complete tiles that the path of a leaf is made of.
    public func tilesNeeded(forPathOf index: UInt64) -> Set<LogTile> {
        completeTiles(of: MerkleLog.siblings(index: index, size: size))
    }

    /// The complete tiles that the consistency proof from an earlier size, at most ``size``, is made of.
    public func tilesNeeded(forConsistencyFrom oldSize: UInt64) -> Set<LogTile> {
        completeTiles(of: MerkleLog.consistencySubtrees(oldSize: oldSize, newSize: size))
    }

    /// The inclusion paths of some leaves against the tree as it is; hashes that they share are computed once.
    public func paths(
        of indexes: [UInt64], tile: (LogTile) -> [Bytes32]
    ) -> [[Bytes32]] {
        var known: [MerkleLog.Subtree: Bytes32] = [:]
        return indexes.map { index in
            MerkleLog.inclusionPath(index: index, size: size) { asked in
                if let hash = known[asked] { return hash }
                let hash = subtree(asked, tile: tile)
                known[asked] = hash
                return hash
            }
        }
    }

    /// The proof that the tree of an earlier size, at most ``size``, became the tree as it is by appending alone.
    ///
    /// Every subtree in it is complete in the tree as it is, so it lies in one complete tile or in the right edge;
    /// a proof between two earlier sizes is asked of the tree at the later one.
    public func consistency(from oldSize: UInt64, tile: (LogTile) -> [Bytes32]) -> [Bytes32] {
        MerkleLog.consistencyPath(oldSize: oldSize, newSize: size) { subtree($0, tile: tile) }
    }

    /// The root over a power of two of neighbouring hashes.
    public static func combine(_ hashes: ArraySlice<Bytes32>) -> Bytes32 {
        precondition(hashes.count.nonzeroBitCount == 1, "complete subtrees have a power of two of leaves")
        var row = Array(hashes)
        while row.count > 1 {
            row = stride(from: 0, to: row.count, by: 2).map { MerkleLog.nodeHash(row[$0], row[$0 + 1]) }
        }
        return row[0]
    }
}
