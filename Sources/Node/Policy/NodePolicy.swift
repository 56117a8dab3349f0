public import Channels
import Synchronization

/// What an operator denies on this node now, and how often it was asked for.
public final class NodePolicy: Sendable {
    private let list = Mutex(DenyList.empty)
    private let counts = Mutex<(published: UInt64, shown: UInt64)>((0, 0))

    /// Replaces the list; what is published or shown from now on follows it.
    public func replace(with list: DenyList) {
        self.list.withLock { $0 = list }
    }

    /// The list in force.
    public var denied: DenyList { list.withLock { $0 } }

    /// Why an envelope is not taken from a publisher; refusals are counted.
    func reason(againstPublishing envelope: Envelope) -> DenyReason? {
        guard let reason = denied.reason(against: envelope, originator: nil) else { return nil }
        counts.withLock { $0.published += 1 }
        return reason
    }

    /// Whether a message is kept from clients; what is kept from them is counted.
    public func isWithheld(_ envelope: Envelope, originator: UInt32) -> Bool {
        guard denied.reason(against: envelope, originator: originator) != nil else { return false }
        counts.withLock { $0.shown += 1 }
        return true
    }

    /// How many envelopes were not taken, and how many times a message was not shown.
    public var refused: (published: UInt64, shown: UInt64) { counts.withLock { $0 } }
}

extension ReplicationNode {
    /// What this node's operator denies.
    public var policy: NodePolicy { core.policy }

    /// How many orders to delete were left unread because a peer had brought too many that were of no use.
    public var unreadOrders: UInt64 { core.orders.unread }
}
