public import Channels
public import Primitives

/// Receipts of messages that a node holds, one a charge, ascending by charge.
public struct NodeReceiptsBody: Codable, Sendable {
    /// The receipts' canonical bytes.
    public let receipts: [HexBytes]

    /// Makes the body.
    public init(receipts: [HexBytes]) {
        self.receipts = receipts
    }
}

/// A node's registration, signed by operator and node key.
public struct RegisterNodeBody: Codable, Sendable {
    /// Who runs it.
    public let `operator`: Address
    /// Whose key signs for it.
    public let nodeKey: Address
    /// Where claims are paid.
    public let payout: Address
    /// What is put up.
    public let stake: Amount
    /// Where other nodes reach it.
    public let peer: String
    /// Where clients reach it.
    public let http: String
    /// The operator's signature on `RegisterNode`.
    public let operatorSignature: Signature
    /// The node key's signature on the same.
    public let nodeSignature: Signature

    /// Makes the body.
    public init(_ registration: RegisterNode, operatorSignature: Signature, nodeSignature: Signature) {
        `operator` = registration.operatorAddress
        nodeKey = registration.nodeKey
        payout = registration.payout
        stake = registration.stake
        peer = registration.peerEndpoint
        http = registration.httpEndpoint
        self.operatorSignature = operatorSignature
        self.nodeSignature = nodeSignature
    }

    /// What was signed.
    public var registration: RegisterNode {
        RegisterNode(
            operatorAddress: `operator`, nodeKey: nodeKey, payout: payout, stake: stake, peerEndpoint: peer,
            httpEndpoint: http)
    }
}

/// The registry: `GET /v1/nodes`.
public struct NodesBody: Codable, Sendable {
    /// A node with what it has earned.
    public struct Node: Codable, Sendable {
        /// Its leaf's body.
        public let node: HexBytes
        /// Its number.
        @Count32 public var number: UInt32
        /// Where clients reach it.
        public let http: String
        /// All its rewards.
        public let cumulative: Amount
        /// What of them was claimed.
        public let claimed: Amount

        /// Makes the body.
        public init(_ node: RegisteredNode, cumulative: Amount, claimed: Amount) {
            self.node = HexBytes(node.canonicalBytes)
            number = node.number
            http = node.registration.httpEndpoint
            self.cumulative = cumulative
            self.claimed = claimed
        }
    }

    /// The nodes by number.
    public let nodes: [Node]
    /// The nodes of the open epoch's snapshot, ascending: among these shards are assigned.
    public let members: [UInt32]
    /// The epoch whose snapshot that is.
    public let epoch: UInt64

    /// Makes the body.
    public init(nodes: [Node], members: [UInt32], epoch: UInt64) {
        self.epoch = epoch
        self.nodes = nodes
        self.members = members
    }

    /// Who is assigned to which shard.
    public func shardMap(_ genesis: Genesis) throws -> ShardMap {
        let members = Set(members)
        let nodes = try registered
        return ShardMap(genesis, nodes: members.isEmpty ? nodes : nodes.filter { members.contains($0.number) })
    }

    /// The registrations; whoever uses them checks their signatures.
    public var registered: [RegisteredNode] {
        get throws { try nodes.map { try RegisteredNode(canonicalBytes: $0.node.bytes) } }
    }
}

/// What a node answers a publisher for one envelope.
public struct PublishAnswerBody: Codable, Sendable {
    /// The event's id.
    public let event: Bytes32?
    /// The node's acknowledgement.
    public let acknowledgement: SignedBytesBody?
    /// The node's signed refusal, where envelope and receipt are good: what the ground "refused" needs.
    public let refusal: SignedBytesBody?
    /// Why it was refused.
    public let problem: ProblemBody?
    /// Where the topic's shard is held by other nodes: where clients reach those that are assigned to it.
    public let holders: [String]?

    /// Makes the body.
    public init(
        event: Bytes32?, acknowledgement: SignedBytesBody?, refusal: SignedBytesBody? = nil, problem: ProblemBody?,
        holders: [String]? = nil
    ) {
        self.holders = holders
        self.event = event
        self.acknowledgement = acknowledgement
        self.refusal = refusal
        self.problem = problem
    }
}

/// The answers to the envelopes of one request, in order.
public struct PublishAnswersBody: Codable, Sendable {
    /// One answer an envelope.
    public let results: [PublishAnswerBody]

    /// Makes the body.
    public init(results: [PublishAnswerBody]) {
        self.results = results
    }
}

/// A node's state: `GET /v1/status`.
public struct NodeStatusBody: Codable, Sendable {
    /// The node's number.
    @Count32 public var node: UInt32
    /// Its time.
    public let time: UInt64
    /// Events that it holds.
    public let events: UInt64
    /// Messages among them.
    public let messages: UInt64
    /// Topics.
    public let topics: UInt64
    /// Places of chains that are empty between others that are held.
    public let missing: UInt64
    /// The day before which nothing that has expired is held any more; 0 before the first.
    @Count32 public var floor: UInt32
    /// The day whose midnight it has probed last; 0 before the first.
    @Count32 public var probedThrough: UInt32
    /// Peers that it is connected to.
    public let connectedPeers: Int
    /// What clients and peers were refused since the node started; nodes of an older release don't say.
    public let refusals: Refusals?

    /// How often something was refused since the node started.
    public struct Refusals: Codable, Sendable, Hashable {
        /// Envelopes that the operator's deny list did not let in.
        public let denied: UInt64
        /// Times that a message was not shown, by the same list.
        public let withheld: UInt64
        /// Requests of clients beyond their budget.
        public let overBudget: UInt64
        /// Orders to delete that were left unread, since a peer had brought too many that were of no use.
        public let unreadOrders: UInt64

        /// Makes the counts.
        public init(denied: UInt64, withheld: UInt64, overBudget: UInt64, unreadOrders: UInt64) {
            self.denied = denied
            self.withheld = withheld
            self.overBudget = overBudget
            self.unreadOrders = unreadOrders
        }
    }

    /// Makes the body.
    public init(
        node: UInt32, time: UInt64, events: UInt64, messages: UInt64, topics: UInt64, missing: UInt64,
        floor: UInt32, probedThrough: UInt32, connectedPeers: Int, refusals: Refusals? = nil
    ) {
        self.refusals = refusals
        self.node = node
        self.time = time
        self.events = events
        self.messages = messages
        self.topics = topics
        self.missing = missing
        self.floor = floor
        self.probedThrough = probedThrough
        self.connectedPeers = connectedPeers
    }
}

/// The answer to an owner's order to delete a message, from a node: `POST /v1/deletions`.
public struct DeletedBody: Codable, Sendable {
    /// The charge's number.
    public let charge: UInt64
    /// Whether the payload was there until now.
    public let isNew: Bool

    /// Makes the body.
    public init(charge: UInt64, isNew: Bool) {
        self.charge = charge
        self.isNew = isNew
    }
}

/// Proofs that the log key contradicted itself: `GET /v1/head-evidence`.
public struct HeadEvidenceBody: Codable, Sendable {
    /// Canonical bytes, tag `feesvc/head-evidence/1`.
    public let evidence: [HexBytes]

    /// Makes the body.
    public init(evidence: [HexBytes]) {
        self.evidence = evidence
    }
}

/// What a node held of days that have expired, ascending: `GET /v1/checkpoints`.
public struct CheckpointsBody: Codable, Sendable {
    /// Canonical bytes, tag `feesvc/checkpoint/1`, with the node's signature.
    public let checkpoints: [SignedBytesBody]

    /// Makes the body.
    public init(checkpoints: [SignedBytesBody]) {
        self.checkpoints = checkpoints
    }
}

/// A page of a node's topics: `GET /v1/topics`.
public struct TopicsBody: Codable, Sendable {
    /// One topic.
    public struct Topic: Codable, Sendable, Hashable {
        /// The topic's id.
        public let topic: Bytes32
        /// Its events.
        public let events: UInt64
        /// The set root over their ids.
        public let root: Bytes32

        /// Makes a topic.
        public init(topic: Bytes32, events: UInt64, root: Bytes32) {
            self.topic = topic
            self.events = events
            self.root = root
        }
    }

    /// Topics, ascending.
    public let topics: [Topic]

    /// Makes the body.
    public init(topics: [Topic]) {
        self.topics = topics
    }
}
