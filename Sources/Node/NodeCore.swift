import Channels
import FoundationEssentials
import Logging
import Primitives

/// The parts of a node that its connections, its rounds and its callers share.
final class NodeCore: Sendable {
    /// The fewest events that are checked by a task of their own.
    private static let checksLeast = 8
    private static let processors = ProcessInfo.processInfo.activeProcessorCount

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
    /// Fires when a head or a seal may have raised the floor.
    let floorWanted = Signal()
    /// Fires after events were admitted, from wherever.
    let admissions = Watchers()
    let claims: FetchClaims
    let sketching: SketchAllowance
    let logger: Logger

    var limits: NodeLimits { configuration.limits }
    var number: UInt32 { configuration.number }
    /// Every registered node but this one.
    var others: [UInt32] { registry.numbers.filter { $0 != number } }

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
        commits = CommitQueue(sizeMax: configuration.limits.commitEvents)
        self.logger = logger
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
        gate = SigningGate(timeout: configuration.limits.chainTimeout, mark: mark, logger: logger)
        handshake = Handshake(
            number: configuration.number,
            key: configuration.key,
            domain: rules.domain,
            logID: rules.logID,
            registry: registry
        )
        registry.replace(with: registered.compactMap { try? RegisteredNode(canonicalBytes: $0) })
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
        // An order to delete comes with an event that may be held.
        let unknown = events.indices.filter { results[$0] == nil || events[$0].deletion != nil }
        for (place, outcome) in zip(unknown, await check(unknown.map { events[$0] })) {
            switch outcome {
            case .success(let good):
                checked.append(good)
                places.append(place)
                if good.head.head.isNewer(than: newest?.head), heads.isCurrent(good.head) { newest = good.head }
                if good.event.originator == number { gate.prove(good.event.sequence) }
            case .failure(let refusal):
                results[place] = .refused
                if refusal.isForGood { forGood.append(ids[place]) }
                log(refusal, of: ids[place], from: peer)
            }
        }
        if !forGood.isEmpty { await store.remember(refused: forGood) }
        await keepHeadEvidence()
        var report = AdmissionReport()
        if !checked.isEmpty {
            report = try await admit(checked, from: peer == number ? nil : peer, head: newest)
            for (place, result) in zip(places, report.results) { results[place] = result }
            for (id, refusal) in report.refusals { log(refusal, of: id, from: peer) }
        }
        report.results = results.map { $0 ?? .refused }
        if let newest { advance(to: newest, isCurrent: false) }
        if !report.admitted.isEmpty { admissions.fire() }
        // Orders to delete that came from a client are told to all, as own events are.
        if peer == number { spread(report.admitted) } else { forward(report.admitted, from: peer) }
        return report
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
        let parts = min(Self.processors, events.count / Self.checksLeast)
        guard parts > 1 else { return events.map(check) }
        return await withTaskGroup(of: (Int, [Result<CheckedEvent, EventRefusal>]).self) { group in
            for part in 0..<parts {
                let range = events.count * part / parts..<events.count * (part + 1) / parts
                group.addTask { (part, events[range].map { self.check($0) }) }
            }
            var found = [[Result<CheckedEvent, EventRefusal>]](repeating: [], count: parts)
            for await (part, outcomes) in group { found[part] = outcomes }
            return found.flatMap(\.self)
        }
    }

    private func check(_ event: WireEvent) -> Result<CheckedEvent, EventRefusal> {
        Result { () throws(EventRefusal) in
            try rules.check(event, key: registry.key(of:), isTrusted: heads.isTrusted)
        }
    }

    /// Pushes this node's own new events to as many peers as the fan-out allows.
    func spread(_ events: [WireEvent], except source: UInt32? = nil) {
        guard !events.isEmpty else { return }
        let connected = peers.all.filter { $0.number != source && $0.isConnected }
        // With more peers than the fan-out the first ones differ from event to event, so that each is somebody's turn.
        let start = connected.isEmpty ? 0 : Int(truncatingIfNeeded: events[0].id.prefix % UInt64(connected.count))
        for offset in 0..<min(connected.count, limits.pushFanOut) {
            connected[(start + offset) % connected.count].push(events)
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
        clock.advance(to: head, isCurrent: isCurrent)
        if UTCDay(containing: clock.time) > day { floorWanted.fire() }
    }

    private func log(_ refusal: EventRefusal, of id: Bytes32, from peer: UInt32) {
        let metadata: Logger.Metadata = [
            "event.id": "\(id)", "event.refusal": "\(refusal)", "peer.number": "\(peer)",
        ]
        switch refusal {
        case .secondOnSequence, .otherPrevious, .chargeAgain:
            logger.warning("an originator contradicted itself, both events are kept as evidence", metadata: metadata)
        default: logger.debug("event refused", metadata: metadata)
        }
    }
}
