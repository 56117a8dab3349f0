public import Channels
public import Primitives

/// `GET /v1/keys`: how whoever knows the genesis finds out which keys are in force now, and what the log gave up.
public struct KeysBody: Codable, Sendable {
    /// An act that changed what the log's heads mean.
    public struct LoggedLeaf: Codable, Sendable {
        /// The act's leaf, canonical bytes.
        public let leaf: HexBytes
        /// The path from the leaf to the head's root.
        public let path: [Bytes32]

        /// Makes an act.
        public init(leaf: HexBytes, path: [Bytes32]) {
            self.leaf = leaf
            self.path = path
        }
    }

    /// The newest head.
    public let head: HeadBody
    /// The rotations of keys, ascending.
    public let rotations: [LoggedLeaf]
    /// The rollbacks, ascending.
    public let rollbacks: [LoggedLeaf]

    /// Makes the body.
    public init(head: HeadBody, rotations: [LoggedLeaf], rollbacks: [LoggedLeaf]) {
        self.head = head
        self.rotations = rotations
        self.rollbacks = rollbacks
    }

    /// The history of keys and rollbacks, each step checked from the genesis on, and the head by the key that is in force.
    public func history(from genesis: Genesis) throws -> KeyHistory {
        let head = try head.signed
        let keys = try KeyHistory(genesis, rotations: try Self.shown(rotations), head: head)
        return keys.with(try keys.rollbacks(try Self.shown(rollbacks), head: head))
    }

    private static func shown(_ leaves: [LoggedLeaf]) throws(CanonicalError) -> [(leaf: LogLeaf, path: [Bytes32])] {
        var shown: [(leaf: LogLeaf, path: [Bytes32])] = []
        for leaf in leaves { shown.append((try LogLeaf(canonicalBytes: leaf.leaf.bytes), leaf.path)) }
        return shown
    }
}
