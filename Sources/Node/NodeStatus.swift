public import Channels
public import Primitives

/// How a node's connection to a peer stands.
public enum PeerState: String, Hashable, Sendable {
    /// Not tried yet, or being tried for the first time.
    case dialling
    /// Both have proved their keys.
    case connected
    /// The last attempt failed; the next follows.
    case unreachable
}

/// One peer as a node sees it.
public struct PeerStatus: Hashable, Sendable {
    /// The peer's number.
    public let number: UInt32
    /// How the connection to it stands.
    public let state: PeerState
    /// Whether the last reconciliation ended with equal sets; `nil` before the first.
    public let isEqual: Bool?
}

/// How far an originator's chain is held.
public struct ChainHead: Hashable, Sendable {
    /// Whose chain.
    public let originator: UInt32
    /// The shard that it is in.
    public let shard: Shard
    /// The highest sequence that is or was held.
    public let highest: UInt64
    /// The id on it.
    public let id: Bytes32
    /// How many places between the lowest that is held and the highest are empty: lost, evicted, or not here yet.
    public let missing: UInt64
}

/// One shard that a node holds.
public struct ShardStatus: Hashable, Sendable {
    /// The shard.
    public let shard: Shard
    /// How many ids it has: events, and orders to delete.
    public let events: UInt64
    /// Whether the node is assigned to it; where it is not, it holds it until those that are have proved to hold the same.
    public let isAssigned: Bool
    /// The nodes that are assigned to it and have proved to hold the same, when they were last compared.
    public let provedBy: [UInt32]
}

/// What a node is doing.
public struct NodeStatus: Hashable, Sendable {
    /// The node's number.
    public let number: UInt32
    /// The time of the newest head that it has seen, Unix seconds; 0 before the first.
    public let time: UInt64
    /// The open epoch of that head; 0 before the first.
    public let epoch: UInt64
    /// The events that it holds.
    public let events: UInt64
    /// The messages that it holds: distinct charges.
    public let messages: UInt64
    /// The topics that it holds.
    public let topics: UInt64
    /// The shards that it holds.
    public let shards: [ShardStatus]
    /// What expires before this day has been dropped and is not taken again; day 0 before the first.
    public let floor: UTCDay
    /// The contradictions of originators that are kept as evidence.
    public let evidence: UInt64
    /// The day up to which no probe round is due any more; `nil` before the first head since the node's first start.
    public let probedThrough: UTCDay?
    /// The peers, ascending.
    public let peers: [PeerStatus]
    /// The chains, ascending by shard, then originator; the first 1,024.
    public let chains: [ChainHead]
    /// Whether the last reconciliation with every reachable peer ended equal, and none is still being tried for the
    /// first time.
    public let isSynced: Bool
}

/// One topic as a node holds it.
public struct TopicSummary: Hashable, Sendable {
    /// The topic's id.
    public let id: Bytes32
    /// How many events it has.
    public let events: UInt64
    /// The root of their ids: `SHA(tagged "feesvc/set/1": list<b32>)`.
    public let root: Bytes32
}

/// A place in a topic's order: that of the fee log, which numbers charges.
///
/// What a message says can only follow what was published, so paid for, before it was itself paid for: the log's order never
/// puts an answer before what it answers. It is the same on every node, whatever each holds or has dropped.
public struct MessageCursor: Hashable, Sendable, Comparable {
    /// The number of the message's charge.
    public let charge: UInt64

    /// Makes a cursor.
    public init(charge: UInt64) {
        self.charge = charge
    }

    /// Orders by charge.
    public static func < (a: MessageCursor, b: MessageCursor) -> Bool { a.charge < b.charge }
}

/// A message as a node shows it.
public struct StoredMessage: Hashable, Sendable {
    /// The event.
    public let event: SignedEvent
    /// The envelope.
    public let envelope: Envelope
    /// The number of its charge.
    public let charge: UInt64
    /// When the charge was logged, Unix seconds of the log's time.
    public let logged: UInt64

    /// Where it stands; the next page starts after it.
    public var cursor: MessageCursor { MessageCursor(charge: charge) }
    /// The event's id.
    public var id: Bytes32 { event.id }
}
