public import Primitives

/// Nodes of which nothing was heard in two epochs, and which the next snapshot leaves out: body of a `silence` leaf.
///
/// Heard is what its node or operator signed and the log holds: an observation, a list of what it holds, an attestation.
/// Not to attest is no silence. It is how an operator rejects a result, and must not cost it its vote.
public struct Silence: Hashable, Sendable {
    /// The most nodes that one names.
    public static let nodesMax = 1_048_576

    /// The epoch whose snapshot leaves them out.
    public let epoch: UInt64
    /// Their numbers, ascending.
    public let nodes: [UInt32]

    /// Decides at the edge before `epoch`. Where nothing was heard of any node, nobody is left out: then it was the service
    /// that did not ask.
    ///
    /// - Parameters:
    ///   - epoch: the epoch that begins.
    ///   - registered: the nodes that were registered at or before the beginning of the epoch before the last; none where
    ///     the log has had fewer than two epochs.
    ///   - heard: the nodes of which something was logged in the last two epochs.
    public init(before epoch: UInt64, registered: some Sequence<UInt32>, heard: Set<UInt32>) {
        self.epoch = epoch
        nodes = heard.isEmpty ? [] : Set(registered).subtracting(heard).sorted()
    }

    /// `tagged "feesvc/silence/1": u64 epoch, list<u32 node>`, ascending.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/silence/1")
        encoder.append(epoch)
        encoder.append(list: nodes) { $0.append($1) }
        return encoder.bytes
    }

    /// Reads canonical bytes: at least one node.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/silence/1")
        epoch = try decoder.readUInt64()
        nodes = try decoder.readList(limit: Self.nodesMax) { decoder throws(CanonicalError) in
            try decoder.readUInt32()
        }
        try decoder.finish()
        guard !nodes.isEmpty, zip(nodes, nodes.dropFirst()).allSatisfy({ $0 < $1 }) else {
            throw .outOfRange(field: "nodes")
        }
    }
}
