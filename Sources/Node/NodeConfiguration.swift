public import Channels
public import Primitives

/// What one node is, and where it keeps and offers its data.
public struct NodeConfiguration: Sendable {
    /// The network.
    public var genesis: Genesis
    /// The node's number in the registry.
    public var number: UInt32
    /// The node's key.
    public var key: SecretKey
    /// Where the store lies; made where it does not exist.
    public var dataDirectory: String
    /// The address that peers are accepted on.
    public var peerHost: String
    /// The port that peers are accepted on; 0 takes any free one.
    public var peerPort: Int
    /// How often a node compares its set with each peer's.
    public var reconcilePeriod: Duration
    /// Seeds jitter and the pick of challenges.
    public var seed: UInt64
    /// What bounds memory, time and work.
    public var limits: NodeLimits
    /// The key of the own sketch; random and secret where it is not set.
    var sketchKey: SipHash?

    /// Makes a configuration.
    public init(
        genesis: Genesis,
        number: UInt32,
        key: SecretKey,
        dataDirectory: String,
        peerHost: String = "127.0.0.1",
        peerPort: Int = 0,
        reconcilePeriod: Duration = .seconds(2),
        seed: UInt64 = 0,
        limits: NodeLimits = NodeLimits()
    ) {
        self.genesis = genesis
        self.number = number
        self.key = key
        self.dataDirectory = dataDirectory
        self.peerHost = peerHost
        self.peerPort = peerPort
        self.reconcilePeriod = reconcilePeriod
        self.seed = seed
        self.limits = limits
    }
}

/// The bounds of a node's queues, caches and waits.
public struct NodeLimits: Hashable, Sendable {
    /// The most envelopes of one `publish` call.
    public var publishBatch = 1_024
    /// To how many peers a new event is pushed.
    public var pushFanOut = 8
    /// The most events of one pushed frame (at most 256).
    public var pushFrameEvents = 256
    /// The most bytes of one pushed or fetched frame, one event always fits.
    public var pushFrameBytes = 2 * 1_048_576
    /// The most events that wait to be pushed to one peer.
    public var pushQueueEvents = 4_096
    /// The most bytes that wait to be pushed to one peer.
    public var pushQueueBytes = 16 * 1_048_576
    /// The most ancestors that are asked for because events came without them.
    public var wantedEvents = 65_536
    /// The bytes of the database above which nothing is taken from publishers; `nil` where only the disk is the limit. What peers
    /// hold is taken all the same, so that nodes stay equal.
    public var diskBytes: UInt64?
    /// The most events that are committed together.
    public var commitEvents = 1_024
    /// How many refused ids are remembered.
    public var refusedIDs = 65_536
    /// How many checked heads are remembered.
    public var trustedHeads = 4_096
    /// The most connections that are accepted at a time.
    public var connections = 256
    /// The most questions of one connection that are answered at a time.
    public var questionsInFlight = 8
    /// How long a handshake may take.
    public var handshakeTimeout = Duration.seconds(5)
    /// How long an accepted connection may be silent.
    public var idleTimeout = Duration.seconds(60)
    /// After how long a silence a peer's connection no longer keeps another one of the same peer out: several times the
    /// longest time in which a node that lives asks something.
    public var servedSilence = Duration.seconds(15)
    /// For how long peers may say that they serve another process with this node's key before a node that has not signed yet
    /// gives up: longer than ``servedSilence``, so that a node whose host failed can start again.
    public var twinPatience = Duration.seconds(20)
    /// How long a peer may take to answer.
    public var requestTimeout = Duration.seconds(15)
    /// How many sketches under a peer's keys are made in ``sketchPeriod``: each costs a walk through all that is held, and who
    /// names a new key each time is compared by trees.
    public var sketchesOfPeer = 8
    /// After how long as many sketches may be made for a peer again.
    public var sketchPeriod = Duration.seconds(3_600)
    /// How long other peers are not asked for what one peer was asked for.
    public var claimLifetime = Duration.seconds(2)
    /// How long a peer has for a round's probe and challenges.
    public var probeTimeout = Duration.seconds(2)
    /// How long a node waits before its first signature for peers that know its own chain.
    public var chainTimeout = Duration.seconds(10)
    /// The first wait before dialling again.
    public var redialFirst = Duration.milliseconds(100)
    /// The longest wait before dialling again.
    public var redialCap = Duration.seconds(2)
    /// The most challenges to one peer in a round (at most 64).
    public var challenges = 8
    /// The most midnights that one head may make due; older ones are passed over.
    public var roundsDue: UInt32 = 4_096

    /// How many orders to delete that are forged or known one peer may bring.
    public var uselessOrders = BudgetRate(perSecond: 200, burst: 20_000)

    /// The bounds that a node runs with where nothing else is said.
    public init() {}
}
