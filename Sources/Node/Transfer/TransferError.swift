import Channels
public import Primitives

/// Why a node's events could not be exported, or imported.
public enum TransferError: Error, Hashable, Sendable {
    /// The file can't be read or written.
    case file(path: String, reason: String)
    /// The file is not as it was written, or holds what no node would have exported. Nothing of the block in question was taken.
    case refused(path: String, byte: UInt64, fault: ExportFault)
    /// The file is of another network than the directory or the service.
    case otherNetwork(path: String, found: Bytes32, expected: Bytes32)
    /// The registry that is known has no such node.
    case unregistered(node: UInt32)
    /// The directory belongs to another node than the one that was named.
    case otherNode(directory: String, found: UInt32, named: UInt32)
    /// The store can't be opened, read or written.
    case store(NodeError)
}

extension TransferError: CustomStringConvertible {
    /// A sentence for the node's operator: what is wrong, and what to do.
    public var description: String {
        switch self {
        case .file(let path, let reason):
            "\(path) can't be read or written (\(reason)): name another file, or make room"
        case .refused(let path, let byte, .event(let id, .receipt(.headSignature))):
            "\(path), byte \(byte): event \(id) has a receipt under a head that no known log key signed: if the service's log key"
                + " was ever rotated, name the service with --service, so that its keys are known"
        case .refused(let path, let byte, .event(_, .unregistered(let originator))):
            "\(path), byte \(byte): an event is of node \(originator), which no known registry has: name the service with --service"
        case .refused(let path, let byte, let fault):
            "\(path), byte \(byte): \(fault). Take the file again from where it was made; what was imported before is good"
        case .otherNetwork(let path, let found, let expected):
            "\(path) is of the network with log \(found), not \(expected): name a file of this network"
        case .unregistered(let node):
            "node \(node) is in no registry that is known here: register it, and name the service with --service"
        case .otherNode(let directory, let found, let named):
            "\(directory) belongs to node \(found), not \(named): leave --node out, or name an empty directory"
        case .store(let error): "\(error)"
        }
    }
}
