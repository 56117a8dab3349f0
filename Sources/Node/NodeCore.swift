import Channels
import Logging
import Primitives
import Synchronization

/// The parts of a node that its connections, its rounds and its callers share.
final class NodeCore: Sendable {
    let configuration: NodeConfiguration
    let domain: EIP712Domain
    let rules: AdmissionRules
    let store: EventStore
    let commits: CommitQueue
    let registry = Registry()
    let heads: TrustedHeads
    let clock: NodeClock
    let peers: PeerTable
    let gate: SigningGate
    let reconciler: any Reconciler = SetReconciler()
    let handshake: Handshake
    let registryChanged = Signal()
    let holdings: Holdings
    /// Fires when shards may have to change hands.
    let shardsWanted = Signal()
    private let snapshot = Mutex<(members: [UInt32], epoch: UInt64?)>(([], nil))
    /// Fires when a head or a seal may have raised the floor.
    let floorWanted = Signal()
    /// Fires after events were admitted, from wherever.
    let admissions = Watchers()
    let claims: FetchClaims
    /// What the operator neither publishes nor shows.
    let policy = NodePolicy()
    let orders: OrderBudget
    let sketching: SketchAllowance
    let logger: Logger
    /// What is counted, and what is worth a line.
    let counters = NodeCounters()
    let lines: NodeLines
    let began = ContinuousClock.now

    var limits: NodeLimits { configuration.limits }
    var number: UInt32 { configuration.number }
    /// Every registered node but this one.
    var others: [UInt32] { registry.numbers.filter { $0 != number } }
    /// Those of them that this node shares shards with.
    var partners: [UInt32] {
        get async { holdings.partners(of: await store.held, among: others) }
    }
    /// The nodes of the epoch's snapshot; empty where nobody has told.
    var members: [UInt32] {
        get { snapshot.withLock { $0.members } }
        set { snapshot.withLock { $0.members = newValue } }
    }
    /// The epoch whose snapshot that is; `nil` where nobody has said.
    var membersEpoch: UInt64? {
        get { snapshot.withLock { $0.epoch } }
        set { snapshot.withLock { $0.epoch = newValue } }
    }

    init(_ configuration: NodeConfiguration, logger: Logger) async throws(NodeError) {
        let store = try await EventStore.open(configuration)
        let genesis = configuration.genesis
        let registered: [[UInt8]]
        let probed: UTCDay?
        let mark: UInt64
        do {
            registered = try await store.storedRegistry()
            probed = try await store.probed()
            mark = try await store.signedMark()
        } catch {
            throw error.nodeError(directory: configuration.dataDirectory)
        }
        let rules = AdmissionRules(genesis)
        domain = rules.domain
        self.rules = rules
        self.configuration = configuration
        self.store = store
        commits = CommitQueue(sizeMax: configuration.limits.commitEvents, counters: counters)
        self.logger = logger
        lines = NodeLines(logger: logger)
        heads = TrustedHeads(
            KeyHistory(genesis),
            limit: configuration.limits.trustedHeads
        )
        clock = NodeClock(
            newest: await store.newestHead,
            schedule: ProbeSchedule(
                clock: genesis.epochs,
                probedThrough: probed,
                roundsDueMax: configuration.limits.roundsDue
            )
        )
        claims = FetchClaims(lifetime: configuration.limits.claimLifetime)
        sketching = SketchAllowance(
            most: configuration.limits.sketchesOfPeer, period: configuration.limits.sketchPeriod)
        peers = PeerTable(limits: configuration.limits)
        let started = ContinuousClock.now
        orders = OrderBudget(configuration.limits.uselessOrders) { ContinuousClock.now - started }
        gate = SigningGate(timeout: configuration.limits.chainTimeout, mark: mark, logger: logger)
        holdings = Holdings(number: configuration.number)
        handshake = Handshake(
            number: configuration.number,
            key: configuration.key,
            domain: rules.domain,
            logID: rules.logID,
            registry: registry
        )
        registry.replace(with: registered.compactMap { try? RegisteredNode(canonicalBytes: $0) })
        if let stored = try? await store.storedMembers() { (members, membersEpoch) = stored }
        assignShards()
    }

    /// Checks and admits events from a peer, whichever way they came.
    ///
    /// A client's order to delete comes from this node itself. What is known is sorted out first, then the signed bytes are checked
    /// outside the store, then the good ones are admitted in one transaction.
    func take(_ events: [WireEvent], from peer: UInt32) async throws -> AdmissionReport {
        let ids = events.map(\.id)
        var results = try await store.result(of: ids)
        var checked: [CheckedEvent] = []
        var places: [Int] = []
        var forGood: [Bytes32] = []
        var newest: SignedHead?
        let foreign = await foreign(events)
        for place in foreign where results[place] == nil { results[place] = .refused }
        // An order to delete comes with an event that may be held.
        let ordered = peer == number ? 0 : events.count { $0.isDeletion }
        let isSpent = orders.isSpent(by: peer, orders: ordered)
        let unknown = events.indices.filter {
            !foreign.contains($0) && (events[$0].isDeletion ? !isSpent : results[$0] == nil)
        }
        var fresh = 0
        for (place, outcome) in zip(unknown, await check(unknown.map { events[$0] })) {
            switch outcome {
            case .success(let good):
                checked.append(good)
                places.append(place)
                if good.head.head.isNewer(than: newest?.head), heads.isCurrent(good.head) { newest = good.head }
                if good.event.originator == number { gate.prove(good.place) }
            case .failure(let refusal):
                results[place] = .refused
                if refusal.isForGood { forGood.append(ids[place]) }
                note(refusal, of: ids[place], from: peer)
            }
        }
        if !forGood.isEmpty { await store.remember(refused: forGood) }
        await keepHeadEvidence()
        var report = AdmissionReport()
        if !checked.isEmpty {
            report = try await admit(checked, from: peer == number ? nil : peer, head: newest)
            for (place, result) in zip(places, report.results) {
                results[place] = result
                if result == .new, events[place].isDeletion { fresh += 1 }
            }
            for (id, refusal) in report.refusals { note(refusal, of: id, among: checked, from: peer) }
        }
        if !isSpent { orders.charge(peer, useless: ordered - fresh) }
        report.results = results.map { $0 ?? .refused }
        count(report.results, from: peer)
        if let newest { advance(to: newest, isCurrent: false) }
        if !report.admitted.isEmpty { admissions.fire() }
        // Orders to delete that came from a client are told to all, as own events are.
        if peer == number { spread(report.admitted) } else { forward(report.admitted, from: peer) }
        return report
    }

    /// Which of some events are of shards that this node does not hold: they are refused before any signature is looked at.
    private func foreign(_ events: [WireEvent]) async -> Set<Int> {
        guard rules.sharding.replication > 0 else { return [] }
        let held = Set(await store.held)
        return Set(
            events.indices.filter { place in
                guard let event = try? Event(canonicalBytes: events[place].event) else { return false }
                return !held.contains(rules.sharding.shard(ofEnvelope: event.envelopeHash))
            })
    }

    private func admit(_ checked: [CheckedEvent], from peer: UInt32?, head: SignedHead?) async throws -> AdmissionReport
    {
        let job = StoreJob.admit(checked, from: peer, head: head)
        guard case .admitted(let report) = try await commits.run(job, in: store) else {
            preconditionFailure("a job is answered by a report of its kind")
        }
        return report
    }

    /// Signs and stores own events for drafts.
    func publish(_ publication: Publication) async throws(SQLiteFailure) -> [PublishDecision] {
        guard case .published(let decisions) = try await commits.run(.publish(publication), in: store) else {
            preconditionFailure("a job is answered by a report of its kind")
        }
        return decisions
    }

    /// Checks events by their bytes alone, many of them on every processor.
    func check(_ events: [WireEvent]) async -> [Result<CheckedEvent, EventRefusal>] {
        await EventCheck(rules: rules, registry: registry, heads: heads).run(events)
    }

    /// Pushes this node's own new events to as many peers as the fan-out allows.
    func spread(_ events: [WireEvent], except source: UInt32? = nil) {
        guard !events.isEmpty else { return }
        guard rules.sharding.replication == 0 else { return spreadByShard(events, except: source) }
        spread(events, to: peers.all.filter { $0.number != source && $0.isConnected })
    }

    /// The same where not everybody holds everything.
    private func spreadByShard(_ events: [WireEvent], except source: UInt32?) {
        let connected = peers.all.filter { $0.number != source && $0.isConnected }
        let shards = Dictionary(grouping: events) { wire in
            (try? Event(canonicalBytes: wire.event)).map { rules.sharding.shard(ofEnvelope: $0.envelopeHash) }
        }
        for (shard, events) in shards {
            guard let shard else { continue }
            spread(events, to: connected.filter { holdings.isHolder($0.number, of: shard) })
        }
    }

    private func spread(_ events: [WireEvent], to connected: [PeerLink]) {
        // With more peers than the fan-out the first ones differ from event to event, so that each is somebody's turn.
        let start = connected.isEmpty ? 0 : Int(truncatingIfNeeded: events[0].id.prefix % UInt64(connected.count))
        for offset in 0..<min(connected.count, limits.pushFanOut) {
            counters.add(.pushesDropped, by: connected[(start + offset) % connected.count].push(events))
        }
    }

    /// Passes on what a peer brought, where its originator could not push to everybody.
    private func forward(_ events: [WireEvent], from peer: UInt32) {
        guard others.count > limits.pushFanOut else { return }
        spread(events, except: peer)
    }

    /// Keeps what the log key signed and can't both be so: a proof against the service that anybody can check.
    func keepHeadEvidence() async {
        guard let evidence = heads.takeEvidence() else { return }
        counters.add(.contradictions, "heads")
        logger.error(
            "the log key signed two heads that contradict each other, the proof is kept",
            metadata: ["head.contradiction": "\(evidence.contradiction)"])
        do {
            try await store.keep(evidence)
        } catch {
            logger.error("the proof could not be stored", metadata: ["error": "\(error)"])
        }
    }

    /// Takes a checked head in: the node's time, and all that follows from it.
    func advance(to head: SignedHead, isCurrent: Bool) {
        let day = UTCDay(containing: clock.time)
        if head.head.isNewer(than: clock.newest?.head) { lines.took(head.head) }
        countJump(to: head.head.time)
        clock.advance(to: head, isCurrent: isCurrent)
        if UTCDay(containing: clock.time) > day { floorWanted.fire() }
    }
}
