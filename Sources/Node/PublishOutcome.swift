public import Channels
public import Primitives

/// What a node answers a publisher for one envelope.
public enum PublishOutcome: Hashable, Sendable {
    /// The envelope is on this node's disk and will be spread; the signature is the node's, over the acknowledgement.
    case accepted(acknowledgement: Acknowledgement, signature: Signature, event: Bytes32)
    /// The envelope was not taken; nothing was stored.
    case refused(PublishRefusal)
}

/// Why a node does not take an envelope from a publisher.
public enum PublishRefusal: Error, Hashable, Sendable {
    /// More envelopes came in one batch than are taken.
    case batchTooLarge(limit: Int)
    /// The envelope or its receipt breaks a rule that needs no state.
    case event(EventRefusal)
    /// The topic is in a shard that this node does not hold; these nodes are assigned to it, by where clients reach them.
    case foreign(Shard, holders: [String])
    /// The charge's deadline has passed.
    case late(time: UInt64, publishBy: UInt64)
    /// This node is not in the registry that it has seen, so nobody would take its events.
    case unregistered
    /// This node fetches events of its own that its peers hold before it signs another.
    case healing
    /// The node's operator does not publish this; others may.
    case denied(DenyReason)
    /// The store failed; nothing was acknowledged.
    case storage(isDiskFull: Bool)

    /// A short, stable code.
    public var code: String {
        switch self {
        case .batchTooLarge: "batch_too_large"
        case .event(.receipt(.otherEnvelope)): "other_envelope"
        case .event(.receipt): "receipt"
        case .event(.size): "size"
        case .event(.shards): "shards"
        case .event(.expiry), .event(.expired), .event(.retention): "expiry"
        case .event(.evicted): "evicted"
        case .event(.late), .late: "late"
        case .event(.author(let refusal)): refusal.code
        case .event: "event"
        case .foreign: "shard"
        case .unregistered: "unregistered"
        case .healing: "healing"
        case .denied: "denied"
        case .storage(let isDiskFull): isDiskFull ? "disk_full" : "storage"
        }
    }

    /// Whether the same envelope may be accepted later by this node.
    public var isRetryable: Bool {
        switch self {
        case .unregistered, .healing, .storage: true
        case .batchTooLarge, .event, .foreign, .late, .denied: false
        }
    }

    /// A sentence that says what to do.
    public var detail: String {
        switch self {
        case .batchTooLarge(let limit): "a batch holds at most \(limit) envelopes: send the rest in another"
        case .event(.receipt(.otherEnvelope)): "the receipt pays for another envelope: send the envelope that it names"
        case .event(.receipt): "the receipt proves nothing to this node: take it from the service's answer unchanged"
        case .event(.size(let charged, let found)): "\(charged) bytes were paid for, the payload has \(found)"
        case .event(.expiry(let charged, let found)): "storage to \(charged) was paid for, the envelope says \(found)"
        case .event(.expired(let expiry, let logged)):
            "storage to \(expiry) was paid for on \(logged), which is no day of storage"
        case .event(.retention(let expiry, let last)):
            "storage to \(expiry) was paid for, the last day that counts is \(last)"
        case .event(.evicted(let expiry, let floor)):
            "storage to \(expiry) was paid for; nodes have dropped what expired before \(floor)"
        case .event(.late(let logged, let publishBy)):
            "the charge was logged at \(logged), after its own deadline \(publishBy)"
        case .event(.shards(let found, let expected)):
            "the envelope is for a network of 2^\(found) shards, this one has 2^\(expected)"
        case .event(.author(let refusal)): refusal.detail
        case .event: "the envelope does not fit its receipt"
        case .foreign(let shard, let holders):
            "the topic is in shard \(shard), which is held by \(holders.isEmpty ? "nobody that this node knows" : holders.joined(separator: ", "))"
        case .late(let time, let publishBy):
            "the log's time is \(time), the charge could be published until \(publishBy)"
        case .unregistered: "this node is not in the registry yet: try again, or another node"
        case .healing: "this node is fetching its own events from its peers: try again in some seconds, or another node"
        case .denied(.topic(let topic)): "this node's operator does not publish in \(topic): use another node"
        case .denied(.address(let address)):
            "this node's operator does not publish what \(address) owns or writes: use another node"
        case .denied(.originator(let node)):
            "this node's operator does not publish what node \(node) admits: use another node"
        case .storage(let isDiskFull):
            isDiskFull ? "this node's disk is full: use another node" : "this node's store failed: use another node"
        }
    }
}
