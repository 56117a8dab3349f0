import Channels
import Ledger
import Payer
import Primitives
import Rewards

/// An epoch recomputed leaf by leaf from the state before it: prices, holds, captures and refunds, and whether each leaf
/// says what follows. Reads nothing but its arguments.
struct EpochReplay {
    /// What the epoch's leaves add up to.
    struct Flows: Equatable {
        var charged = Amount.zero
        var base = Amount.zero
        var storage = Amount.zero
        var postage = Amount.zero
        var congestion = Amount.zero
        /// All that went back, with what came out of stakes and out of the pool.
        var refunded = Amount.zero
        var fromStakes = Amount.zero
        var repaid = Amount.zero
        var welcomed = 0
    }

    let epoch: UInt64
    let genesis: Genesis
    var flows = Flows()
    private(set) var frontier: MerkleFrontier
    var storage: StorageHolds
    var held: HeldCharges
    var lastMidnight: UTCDay
    var chargeCount: UInt64
    /// What the epoch's acts gave up, and which of the charges among it were restored.
    var rollbacks: [LoggedRollback] = []
    var restoredNumbers: Set<UInt64> = []
    var rate: ChargeRate
    var isPaused: Bool
    var keys: KeyHistory
    var nodes: [ReplayedNode]
    /// Which nodes had to hold what, of epochs that were asked for: who was a member of an epoch that has begun is settled.
    var shardMaps: [UInt64: ShardMap] = [:]
    var refunds: ReplayedRefunds
    /// What each midnight of the epoch captured.
    var capturedByDay: [UTCDay: Amount] = [:]
    var schedules: [FeeSchedule]
    /// Rulesets, grants, and proofs of equivocation.
    var rewards: RewardReplay
    /// Results logged in this epoch, and who signed them within it.
    private(set) var resultsLogged: [UInt64: EpochResult] = [:]
    var attestations: [UInt64: Set<Address>] = [:]
    /// Attestations of results that were logged before the epoch.
    var attestationsUnchecked: [(index: UInt64, epoch: UInt64, operatorAddress: Address, signature: Signature)] = []
    var reports: [UInt64: [Delivered]] = [:]
    /// Nodes of which the log holds something that they signed in the epoch before, and in this one.
    let heardBefore: Set<UInt32>
    var heard: Set<UInt32> = []
    /// Whom the log leaves out of the next snapshot.
    var leftOut: Silence?
    /// SHA-256 of the evidence of each leaf that gave money back.
    var evidence: [UInt64: Bytes32] = [:]
    /// The envelopes of the epoch's charges that ``held`` keeps by themselves.
    var envelopes: [UInt64: Bytes32] = [:]
    var voided: [UInt64] = []
    /// What the act before ordered to be announced.
    var announced: FeeSchedule?
    private(set) var time: UInt64 = 0
    private(set) var isClosed = false
    /// Where the journal ended before the edge, as the log says.
    private(set) var journalEnd: EntryAnchor?

    /// Starts from the state before the epoch; the charges of which something is held come by ``open(_:)``.
    ///
    /// - Parameter named: the charges that leaves to come decide on one by one; `nil` where that is not known, and all are
    ///   kept.
    /// - Parameter refunded: where `named` is `nil`, the charges that refund leaves to come name.
    init(_ opening: EpochOpening, keeping named: NamedCharges? = nil, refunded: Set<UInt64> = []) throws {
        epoch = opening.epoch
        genesis = try Genesis(canonicalBytes: opening.genesis.bytes)
        guard let frontier = MerkleFrontier(size: opening.size, hashes: opening.frontier) else {
            throw AuditDifference(
                "opening.json", "hashes of the log's frontier", expected: opening.size.nonzeroBitCount,
                found: opening.frontier.count)
        }
        self.frontier = frontier
        storage = StorageHolds(
            daily: Dictionary(opening.storage.map { (UTCDay(number: $0.expiryDay), $0.daily) }) { first, _ in first })
        held = HeldCharges(named: named)
        lastMidnight = UTCDay(number: opening.lastMidnight)
        chargeCount = opening.chargeCount
        isPaused = opening.isPaused
        keys = KeyHistory(genesis)
        for rotation in opening.rotations {
            try keys.follow(try LoggedAct(index: rotation.logIndex, body: rotation.body.bytes))
        }
        guard let counts = MinuteCounts(opening.minuteCounts) else {
            throw AuditDifference(
                "opening.json", "charge counts of minutes", expected: 5, found: opening.minuteCounts.count)
        }
        rate = ChargeRate(minute: genesis.epochs.beginning(of: epoch) / 60, newest: counts)
        nodes = try opening.nodes.map {
            ReplayedNode(
                node: try RegisteredNode(canonicalBytes: $0.node.bytes), registeredAt: $0.registeredAt,
                cumulative: $0.cumulative, slashed: $0.slashed ?? .zero, absences: Absences($0.absences ?? []))
        }
        heardBefore = Set(opening.heard)
        refunds = try ReplayedRefunds(opening, named: named?.refunded ?? refunded, root: frontier.root)
        schedules = try opening.schedules.map { try FeeSchedule(canonicalBytes: $0.bytes) }
        rewards = try RewardReplay(opening, genesis)
    }

    /// Takes in a charge of an earlier epoch of which something is held.
    mutating func open(_ charge: OpenCharge) throws {
        guard charge.charge <= chargeCount, held[charge.charge] == nil else {
            throw AuditDifference(
                "held.csv", "charge", expected: "one of the \(chargeCount) before the epoch, once", found: charge.charge
            )
        }
        try AuditDifference.inPlace("held.csv") { try held.add(charge.charge, charge.held) }
    }

    /// Replays one leaf.
    mutating func apply(_ leaf: LogLeaf) throws { try apply(ReadLeaf(leaf)) }

    /// Replays one leaf that was read.
    mutating func apply(_ read: ReadLeaf) throws {
        let place = LeafPlace(read.leaf)
        try AuditDifference.inPlace(place) { try follow(read, place) }
    }

    private mutating func follow(_ read: ReadLeaf, _ place: LeafPlace) throws {
        let leaf = read.leaf
        try AuditDifference.check(place, "index", expected: frontier.size, found: leaf.index)
        guard leaf.index < .max else {
            throw AuditDifference(place, "index", expected: "below 2^64 - 1, the largest log", found: leaf.index)
        }
        guard leaf.time >= time else { throw AuditDifference(place, "time", expected: "≥ \(time)", found: leaf.time) }
        guard !isClosed else {
            throw AuditDifference(place, "leaf after the edge", expected: "none", found: leaf.kind.rawValue)
        }
        time = leaf.time
        guard announced == nil || leaf.kind == .schedule else {
            throw AuditDifference(place, "leaf after the act", expected: "the schedule", found: leaf.kind.rawValue)
        }
        switch leaf.kind {
        case .genesis:
            try AuditDifference.check(
                place, "genesis", expected: Hex.encode(genesis.canonicalBytes), found: Hex.encode(leaf.body))
        case .schedule: try schedule(try FeeSchedule(canonicalBytes: leaf.body), place)
        case .charge: try charge(try read.charge ?? Charge(canonicalBytes: leaf.body), at: leaf.time, place)
        case .midnight: try midnight(try Midnight(canonicalBytes: leaf.body), at: leaf.time, place)
        case .postage:
            let decision = try PostageDecision(canonicalBytes: leaf.body)
            evidence[leaf.index] = decision.evidence
            try postage(decision, at: leaf.time, place)
        case .void:
            let voided = try VoidedCharge(canonicalBytes: leaf.body)
            evidence[leaf.index] = voided.evidence
            try void(voided, place)
        case .cut: try cut(try Cut(canonicalBytes: leaf.body), at: leaf.time, place)
        case .delivered: try delivered(leaf.body, place)
        case .observation: try observation(leaf.body, place)
        case .silence: try silence(try Silence(canonicalBytes: leaf.body), place)
        case .node: try node(leaf, place)
        case .books: try books(leaf.body, place)
        case .edge: try edge(leaf, place)
        case .result:
            let result = try EpochResult(canonicalBytes: leaf.body)
            resultsLogged[result.epoch] = result
        case .attestation: try attestation(leaf, place)
        case .act: try act(leaf, place)
        case .grant: try grant(try Grant(leafBody: leaf.body))
        case .penalty: try penalty(try Equivocation(canonicalBytes: leaf.body), place)
        case .restored: try restored(try RestoredCharge(canonicalBytes: leaf.body), place)
        case .refund: try refund(try RefundedCharge(canonicalBytes: leaf.body), at: leaf, place)
        case .repayment: try repay(try Repayment(canonicalBytes: leaf.body), place)
        case .outage: try outage(try LoggedOutage(canonicalBytes: leaf.body), at: leaf, place)
        case .deposit, .claim, .close, .payout, .stake, .closing, .withdrawal, .signer: break
        }
        frontier.append(read.hash)
    }

    private mutating func books(_ body: [UInt8], _ place: LeafPlace) throws {
        let books = try LogBody.readBooks(body)
        try AuditDifference.check(place, "epoch", expected: epoch, found: books.epoch)
        guard journalEnd == nil else { throw AuditDifference(place, "books", expected: "one leaf", found: "two") }
        journalEnd = EntryAnchor(number: books.entry, hash: books.hash)
    }

    private mutating func edge(_ leaf: LogLeaf, _ place: LeafPlace) throws {
        guard journalEnd != nil else {
            throw AuditDifference(place, "leaf before the edge", expected: "the journal's end", found: "none")
        }
        let expected = LogBody.edge(epoch: epoch, time: genesis.epochs.edge(of: epoch))
        try AuditDifference.check(place, "edge", expected: Hex.encode(expected.body), found: Hex.encode(leaf.body))
        try AuditDifference.check(place, "time", expected: genesis.epochs.edge(of: epoch), found: leaf.time)
        try leaveOutTheSilent(place)
        isClosed = true
    }
}
