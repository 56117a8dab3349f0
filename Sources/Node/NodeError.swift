public import Primitives

/// Why a node can't open, bind or go on; each sentence says what to do.
public enum NodeError: Error, Hashable, Sendable {
    /// The data directory can't be made or written.
    case directoryUnusable(directory: String, reason: String)
    /// The file in the data directory is not a node's store.
    case notAStore(directory: String)
    /// The store was written by another version.
    case storeFormat(directory: String, found: UInt64, supported: UInt64)
    /// The store belongs to another network.
    case otherNetwork(directory: String, found: Bytes32, expected: Bytes32)
    /// The store belongs to another node.
    case otherNode(
        directory: String,
        found: UInt32,
        foundKey: Address,
        expected: UInt32,
        expectedKey: Address
    )
    /// Another process has the store open.
    case directoryInUse(directory: String)
    /// The store failed.
    case storeFailed(directory: String, reason: String, isDiskFull: Bool)
    /// The node runs already.
    case alreadyRunning
    /// Another process runs with this node's key.
    case keyInUse(node: UInt32, place: String)
    /// The peer port is taken.
    case addressInUse(host: String, port: Int)
    /// The peer address can't be bound.
    case addressUnavailable(host: String, port: Int, reason: String)
    /// A head is of another log.
    case headOfOtherLog(found: Bytes32, expected: Bytes32)
    /// A head was not signed by the log key.
    case headSignature
}

extension NodeError: CustomStringConvertible {
    /// A sentence for the node's operator.
    public var description: String {
        switch self {
        case .directoryUnusable(let directory, let reason):
            "the data directory \(directory) can't be used (\(reason)): make it writable or name another"
        case .notAStore(let directory):
            "\(directory)/\(StoreSchema.fileName) is not a node's store, or is damaged: `feesvc node fsck --repair` keeps what is"
                + " good; otherwise move it away or name another data directory, what a peer holds comes back from it"
        case .storeFormat(let directory, let found, let supported):
            "the data directory \(directory) has format \(found), this program knows \(supported): use the version"
                + " that wrote it or name another data directory"
        case .otherNetwork(let directory, let found, let expected):
            "the data directory \(directory) belongs to the network with log \(found), this node to \(expected):"
                + " name the directory of this network or an empty one"
        case .otherNode(let directory, let found, let foundKey, let expected, let expectedKey):
            "the data directory \(directory) belongs to node \(found) with key \(foundKey), this is node"
                + " \(expected) with key \(expectedKey): name this node's own directory or an empty one"
        case .directoryInUse(let directory):
            "the data directory \(directory) is in use by another process: stop it first, two nodes with one identity"
                + " would contradict each other"
        case .storeFailed(let directory, let reason, isDiskFull: true):
            "the disk of the data directory \(directory) is full (\(reason)): free space, the node goes on by itself"
        case .storeFailed(let directory, let reason, isDiskFull: false):
            "the store in the data directory \(directory) failed (\(reason)): check the disk, then restart the node"
        case .alreadyRunning:
            "the node runs already: one task runs a node at a time"
        case .keyInUse(let node, let place):
            "another process runs with the key of node \(node) (\(place)): stop one of the two, together they would sign"
                + " two events on one sequence, which is evidence against the node"
        case .addressInUse(let host, let port):
            "the peer address \(host):\(port) is in use: stop what listens there or choose another port"
        case .addressUnavailable(let host, let port, let reason):
            "the peer address \(host):\(port) can't be bound (\(reason)): choose an address of this machine"
        case .headOfOtherLog(let found, let expected):
            "a head of log \(found) was offered, this node follows \(expected): check which service it is connected to"
        case .headSignature:
            "a head was offered that the log key did not sign: check which service this node is connected to"
        }
    }
}
