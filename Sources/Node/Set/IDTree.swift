import Primitives

/// A set of ids and the SHA-256 tree over them.
///
/// The tree's shape and hashes follow from the set alone, whatever the order in which ids came. The ids that share the first d
/// hex digits are a leaf where they are at most 64 (or d is 16), and else a branch of sixteen:
/// - none: count 0 and the zero hash;
/// - leaf: `SHA(tagged "feesvc/ids/1": list<b32>)`, ascending;
/// - branch: `SHA(tagged "feesvc/branch/1": 16 × (u64 count, b32 hash))`.
///
/// Ids lie in sorted chunks, one for each path of some digits, more as the set grows. Hashes down to the chunks are kept until
/// something below them changes; those inside a chunk are made when they are asked for.
struct IDTree: Sendable {
    /// The most ids of a leaf.
    static let leafMax = 64
    private static let chunkIDs = 512
    private static let chunkDigitsMax = 4
    private static let leafTag = CanonicalEncoder(tag: "feesvc/ids/1").bytes
    private static let branchTag = CanonicalEncoder(tag: "feesvc/branch/1").bytes

    /// How many ids.
    private(set) var count = 0
    private var chunkDigits = 0
    private var chunks: [[Bytes32]] = [[]]
    /// By digits, then by path.
    private var kept: [[TreeNode?]] = [[nil]]

    /// Adds an id; `false` where it is there.
    @discardableResult
    mutating func insert(_ id: Bytes32) -> Bool {
        let chunk = place(of: id.prefix)
        let index = chunks[chunk].lowerBound(of: id)
        guard index == chunks[chunk].count || chunks[chunk][index] != id else { return false }
        chunks[chunk].insert(id, at: index)
        count += 1
        forget(id)
        if count > Self.chunkIDs << (4 * chunkDigits), chunkDigits < Self.chunkDigitsMax { split() }
        return true
    }

    /// Takes an id out; `false` where it is not there.
    @discardableResult
    mutating func remove(_ id: Bytes32) -> Bool {
        let chunk = place(of: id.prefix)
        let index = chunks[chunk].lowerBound(of: id)
        guard index < chunks[chunk].count, chunks[chunk][index] == id else { return false }
        chunks[chunk].remove(at: index)
        count -= 1
        forget(id)
        return true
    }

    /// The node on a path.
    mutating func node(_ path: TreePath) -> TreeNode {
        if path.digits > chunkDigits { return Self.node(below(path), digits: path.digits) }
        let index = Self.index(of: path.prefix, digits: path.digits)
        if let node = kept[path.digits][index] { return node }
        let node: TreeNode
        if path.digits == chunkDigits {
            node = Self.node(chunks[index][...], digits: chunkDigits)
        } else {
            let children = path.children.map { self.node($0) }
            let sum = children.reduce(0) { $0 + $1.count }
            node = sum <= Self.leafMax ? Self.leaf(below(path)) : Self.branch(children)
        }
        kept[path.digits][index] = node
        return node
    }

    /// The sixteen children of a branch; `nil` of a leaf.
    mutating func children(of path: TreePath) -> [TreeNode]? {
        guard path.digits < TreePath.digitsMax, node(path).count > Self.leafMax else { return nil }
        return path.children.map { node($0) }
    }

    /// The ids on a path, ascending.
    func ids(on path: TreePath) -> [Bytes32] { Array(below(path)) }

    /// The ids whose first eight bytes are these.
    func ids(startingWith prefix: UInt64) -> ArraySlice<Bytes32> {
        Self.slice(chunks[place(of: prefix)][...], from: prefix, through: prefix)
    }

    /// Calls for each id, ascending.
    func forEach(_ body: (Bytes32) -> Void) {
        for chunk in chunks { chunk.forEach(body) }
    }

    private func place(of prefix: UInt64) -> Int { Self.index(of: prefix, digits: chunkDigits) }

    private static func index(of prefix: UInt64, digits: Int) -> Int {
        digits == 0 ? 0 : Int(prefix >> UInt64(64 - 4 * digits))
    }

    private func below(_ path: TreePath) -> ArraySlice<Bytes32> {
        let first = place(of: path.prefix)
        let last = place(of: path.last)
        guard first < last else { return Self.slice(chunks[first][...], from: path.prefix, through: path.last) }
        return Array(chunks[first...last].joined())[...]
    }

    private static func slice(_ ids: ArraySlice<Bytes32>, from first: UInt64, through last: UInt64)
        -> ArraySlice<Bytes32>
    {
        let start = ids.firstPlace { $0.prefix >= first }
        return ids[start..<ids[start...].firstPlace { $0.prefix > last }]
    }

    private mutating func forget(_ id: Bytes32) {
        for digits in 0...chunkDigits { kept[digits][Self.index(of: id.prefix, digits: digits)] = nil }
    }

    private mutating func split() {
        chunkDigits += 1
        let digits = chunkDigits
        chunks = chunks.indices.flatMap { index -> [[Bytes32]] in
            var rest = chunks[index][...]
            let parts = (0..<16).map { digit -> [Bytes32] in
                let end = rest.firstPlace { Self.index(of: $0.prefix, digits: digits) > index << 4 | digit }
                defer { rest = rest[end...] }
                return Array(rest[..<end])
            }
            chunks[index] = []
            return parts
        }
        kept.append(Array(repeating: nil, count: chunks.count))
    }

    private static func node(_ ids: ArraySlice<Bytes32>, digits: Int) -> TreeNode {
        guard !ids.isEmpty else { return .empty }
        guard ids.count > leafMax, digits < TreePath.digitsMax else { return leaf(ids) }
        var rest = ids
        let shift = UInt64(60 - 4 * digits)
        let children = (0..<16).map { digit -> TreeNode in
            let end = rest.firstPlace { $0.prefix >> shift & 15 > UInt64(digit) }
            defer { rest = rest[end...] }
            return node(rest[..<end], digits: digits + 1)
        }
        return branch(children)
    }

    fileprivate static func leaf(_ ids: ArraySlice<Bytes32>) -> TreeNode {
        guard !ids.isEmpty else { return .empty }
        var hash = SHA256.Stream()
        hash.append(leafTag)
        hash.append(UInt32(ids.count))
        for id in ids { hash.append(id) }
        return TreeNode(count: UInt64(ids.count), hash: hash.finish())
    }

    fileprivate static func branch(_ children: [TreeNode]) -> TreeNode {
        var hash = SHA256.Stream()
        hash.append(branchTag)
        var count: UInt64 = 0
        for child in children {
            hash.append(child.count)
            hash.append(child.hash)
            count &+= child.count
        }
        return TreeNode(count: count, hash: hash.finish())
    }
}

extension TreeContent {
    /// The node that has this below it.
    var node: TreeNode {
        switch self {
        case .leaf(let ids): IDTree.leaf(ids[...])
        case .branch(let children): IDTree.branch(children)
        }
    }
}
