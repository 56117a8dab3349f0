public import Channels
public import Primitives

/// `GET /v1/keys`: how whoever knows the genesis finds out which keys are in force now.
public struct KeysBody: Codable, Sendable {
    /// An act that replaced a key.
    public struct Rotation: Codable, Sendable {
        /// The act's leaf, canonical bytes.
        public let leaf: HexBytes
        /// The path from the leaf to the head's root.
        public let path: [Bytes32]

        /// Makes a rotation.
        public init(leaf: HexBytes, path: [Bytes32]) {
            self.leaf = leaf
            self.path = path
        }
    }

    /// The newest head.
    public let head: HeadBody
    /// The rotations, ascending.
    public let rotations: [Rotation]

    /// Makes the body.
    public init(head: HeadBody, rotations: [Rotation]) {
        self.head = head
        self.rotations = rotations
    }

    /// The history of keys, each step checked from the genesis on, and the head by the key that is in force.
    public func history(from genesis: Genesis) throws -> KeyHistory {
        var shown: [(leaf: LogLeaf, path: [Bytes32])] = []
        for rotation in rotations { shown.append((try LogLeaf(canonicalBytes: rotation.leaf.bytes), rotation.path)) }
        return try KeyHistory(genesis, rotations: shown, head: try head.signed)
    }
}
