import Channels
public import Primitives

/// A message as a node tells it.
public struct MessageBody: Codable, Sendable, Hashable {
    /// The event that carries it: of those with its charge the one with the smallest id, or in a feed the one that came first.
    public let event: Bytes32
    /// Where it stands in its topic: the next page begins after it.
    public let cursor: String
    /// Its charge's number.
    public let charge: UInt64
    /// When its charge was logged, Unix seconds.
    public let time: UInt64
    /// The node that admitted it.
    @Count32 public var originator: UInt32
    /// The envelope's hash.
    public let envelopeHash: Bytes32
    /// `bytes head, bytes payload`, where it was asked for.
    public let envelope: HexBytes?
    /// True where the node holds the message and its operator does not show it; absent otherwise.
    public let isWithheld: Bool?

    /// Makes the body.
    public init(
        event: Bytes32, cursor: String, charge: UInt64, time: UInt64, originator: UInt32, envelopeHash: Bytes32,
        envelope: HexBytes?, isWithheld: Bool? = nil
    ) {
        self.isWithheld = isWithheld
        self.event = event
        self.cursor = cursor
        self.charge = charge
        self.time = time
        self.originator = originator
        self.envelopeHash = envelopeHash
        self.envelope = envelope
    }
}

/// A page of a topic's messages: `GET /v1/topics/{topic}/messages`.
public struct MessagesBody: Codable, Sendable {
    /// In the order of their charges; none at the end.
    public let messages: [MessageBody]

    /// Makes the body.
    public init(messages: [MessageBody]) {
        self.messages = messages
    }
}

/// Where an event is, as a node sees it: `GET /v1/events/{event}`.
public struct EventStandingBody: Codable, Sendable, Hashable {
    /// `held`, `refused` (lately) or `unknown`.
    public let state: String
    /// The node that admitted it, of one that is held.
    public let originator: UInt32?
    /// Its place in that node's chain.
    public let sequence: UInt64?
    /// Its topic.
    public let topic: Bytes32?
    /// The epoch of its charge.
    public let epoch: UInt64?
    /// Its charge's number.
    public let charge: UInt64?

    /// Makes the body.
    public init(
        state: String, originator: UInt32? = nil, sequence: UInt64? = nil, topic: Bytes32? = nil, epoch: UInt64? = nil,
        charge: UInt64? = nil
    ) {
        self.state = state
        self.originator = originator
        self.sequence = sequence
        self.topic = topic
        self.epoch = epoch
        self.charge = charge
    }
}

/// A node's peers: `GET /v1/peers`.
public struct PeersBody: Codable, Sendable {
    /// One of them.
    public struct Peer: Codable, Sendable, Hashable {
        /// Its number.
        @Count32 public var node: UInt32
        /// `dialling`, `connected` or `unreachable`.
        public let state: String
        /// Whether the last comparison ended with equal sets; nothing before the first.
        public let isEqual: Bool?

        /// Makes the body.
        public init(node: UInt32, state: String, isEqual: Bool?) {
            self.node = node
            self.state = state
            self.isEqual = isEqual
        }
    }

    /// How far an originator's chain is held.
    public struct Chain: Codable, Sendable, Hashable {
        /// Whose.
        @Count32 public var originator: UInt32
        /// The shard that it is in.
        @Count32 public var shard: UInt32
        /// The highest sequence that is or was held.
        public let highest: UInt64
        /// The event on it.
        public let event: Bytes32

        /// Makes the body.
        public init(originator: UInt32, shard: UInt32, highest: UInt64, event: Bytes32) {
            self.originator = originator
            self.shard = shard
            self.highest = highest
            self.event = event
        }
    }

    /// A shard that the node holds.
    public struct Shard: Codable, Sendable, Hashable {
        /// Its number.
        @Count32 public var shard: UInt32
        /// How many events and orders to delete are in it.
        public let events: UInt64
        /// Whether the node is assigned to it; if not, it goes once all that are have proved to hold the same.
        public let isAssigned: Bool
        /// The assigned nodes that hold the same, as the last comparisons showed.
        public let provedBy: [UInt32]

        /// Makes the body.
        public init(shard: UInt32, events: UInt64, isAssigned: Bool, provedBy: [UInt32]) {
            self.shard = shard
            self.events = events
            self.isAssigned = isAssigned
            self.provedBy = provedBy
        }
    }

    /// The peers, ascending.
    public let peers: [Peer]
    /// The chains, ascending by shard, then originator; the first 1,024.
    public let chains: [Chain]
    /// The shards that the node holds, ascending.
    public let shards: [Shard]
    /// Contradictions of originators that are kept as evidence.
    public let evidence: UInt64

    /// Makes the body.
    public init(peers: [Peer], chains: [Chain], shards: [Shard], evidence: UInt64) {
        self.shards = shards
        self.peers = peers
        self.chains = chains
        self.evidence = evidence
    }
}
