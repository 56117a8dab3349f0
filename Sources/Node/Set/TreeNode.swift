import Primitives

/// A node of a tree of ids: how many ids lie below it, and the hash that commits to them.
struct TreeNode: Hashable, Sendable {
    static let empty = TreeNode(count: 0, hash: .zero)

    let count: UInt64
    let hash: Bytes32
}

/// A place in a tree of ids: the first hex digits that the ids below it have in common.
struct TreePath: Hashable, Sendable {
    /// Below this many digits nothing branches: ids that share 64 bits are found by nobody.
    static let digitsMax = 16
    static let root = TreePath()

    /// How many digits.
    let digits: Int
    /// The digits as the highest bits, zero below them.
    let prefix: UInt64

    private init() {
        digits = 0
        prefix = 0
    }

    /// `nil` where there are more than 16 digits, or bits below them.
    init?(digits: Int, prefix: UInt64) {
        guard (0...Self.digitsMax).contains(digits), prefix & Self.rest(digits) == 0 else { return nil }
        self.digits = digits
        self.prefix = prefix
    }

    /// The path that an id has to this many digits.
    init(of id: Bytes32, digits: Int) {
        precondition((0...Self.digitsMax).contains(digits), "a path has at most 16 digits")
        self.digits = digits
        prefix = id.prefix & ~Self.rest(digits)
    }

    /// The sixteen paths with one digit more; none from the last depth.
    var children: [TreePath] {
        guard digits < Self.digitsMax else { return [] }
        return (0..<16).compactMap { digit in
            TreePath(digits: digits + 1, prefix: prefix | UInt64(digit) << UInt64(60 - 4 * digits))
        }
    }

    /// The largest first eight bytes below it.
    var last: UInt64 { prefix | Self.rest(digits) }

    private static func rest(_ digits: Int) -> UInt64 { digits == digitsMax ? 0 : UInt64.max >> UInt64(4 * digits) }
}
