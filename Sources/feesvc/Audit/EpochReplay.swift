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
        var refunded = Amount.zero
        var welcomed = 0
    }

    /// A charge of which something is held.
    struct Held: Equatable {
        let epoch: UInt64
        var base: Amount?
        var congestion: Amount?
        let expiryDay: UTCDay
        let storagePerDay: Amount
        var postage: Amount?
        let postageDue: UInt64?
    }

    let epoch: UInt64
    let genesis: Genesis
    var flows = Flows()
    private(set) var frontier: MerkleFrontier
    private(set) var storage: StorageHolds
    private(set) var held: [UInt64: Held]
    private(set) var lastMidnight: UTCDay
    var chargeCount: UInt64
    /// What the epoch's acts gave up, and which of the charges among it were restored.
    var rollbacks: [LoggedRollback] = []
    var restoredNumbers: Set<UInt64> = []
    var rate: ChargeRate
    var isPaused: Bool
    var keys: KeyHistory
    var nodes: [(node: RegisteredNode, registeredAt: UInt64, cumulative: Amount)]
    var schedules: [FeeSchedule]
    /// Results logged in this epoch, and who signed them within it.
    private(set) var resultsLogged: [UInt64: EpochResult] = [:]
    var attestations: [UInt64: Set<Address>] = [:]
    var reports: [UInt64: [Delivered]] = [:]
    /// SHA-256 of the evidence of each leaf that gave money back.
    private(set) var evidence: [UInt64: Bytes32] = [:]
    /// The envelopes of the epoch's charges.
    private(set) var envelopes: [UInt64: Bytes32] = [:]
    private var voided: [UInt64] = []
    /// What the act before ordered to be announced.
    var announced: FeeSchedule?
    private(set) var time: UInt64 = 0
    private(set) var isClosed = false
    /// Where the journal ended before the edge, as the log says.
    private(set) var journalEnd: EntryAnchor?

    init(_ opening: EpochOpening) throws {
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
        held = Dictionary(
            opening.charges.map {
                (
                    $0.charge,
                    Held(
                        epoch: $0.epoch, base: $0.base, congestion: $0.congestion,
                        expiryDay: UTCDay(number: $0.expiryDay), storagePerDay: $0.storagePerDay, postage: $0.postage,
                        postageDue: $0.postageDue)
                )
            }
        ) { first, _ in first }
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
            (try RegisteredNode(canonicalBytes: $0.node.bytes), $0.registeredAt, $0.cumulative)
        }
        schedules = try opening.schedules.map { try FeeSchedule(canonicalBytes: $0.bytes) }
    }

    /// Replays one leaf.
    mutating func apply(_ leaf: LogLeaf) throws {
        let place = "log.csv, leaf \(leaf.index) (\(leaf.kind))"
        try AuditDifference.inPlace(place) { try follow(leaf, place) }
    }

    private mutating func follow(_ leaf: LogLeaf, _ place: String) throws {
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
        case .charge: try charge(try Charge(canonicalBytes: leaf.body), at: leaf.time, place)
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
        case .node: try node(leaf, place)
        case .books: try books(leaf.body, place)
        case .edge: try edge(leaf, place)
        case .result:
            let result = try EpochResult(canonicalBytes: leaf.body)
            resultsLogged[result.epoch] = result
        case .attestation: try attestation(leaf.body, place)
        case .act: try act(leaf, place)
        case .restored: try restored(try RestoredCharge(canonicalBytes: leaf.body), place)
        case .deposit, .observation, .claim, .close, .payout, .stake, .closing, .withdrawal, .signer: break
        }
        frontier.append(leaf.hash)
    }

    private mutating func charge(_ charge: Charge, at time: UInt64, _ place: String) throws {
        guard chargeCount < .max else {
            throw AuditDifference(place, "charges before it", expected: "below 2^64 - 1", found: chargeCount)
        }
        guard !isPaused else {
            throw AuditDifference(place, "charge while charging is paused", expected: "none", found: charge.number)
        }
        chargeCount += 1
        try AuditDifference.check(place, "charge number", expected: chargeCount, found: charge.number)
        try AuditDifference.check(place, "epoch", expected: epoch, found: charge.epoch)
        try AuditDifference.check(
            place, "publishBy", expected: genesis.epochs.publishBy(acceptedAt: time), found: charge.publishBy)
        guard let schedule = schedules.last(where: { $0.effectiveFrom <= time }) else {
            throw AuditDifference(place, "schedule in force", expected: "one", found: "none")
        }
        try AuditDifference.check(place, "schedule", expected: schedule.version, found: charge.schedule)
        let item = Item(
            envelopeHash: charge.envelopeHash, bytes: charge.bytes, expiryDay: charge.expiryDay,
            postage: charge.price.postage, maxFee: .max)
        let units = Congestion.units(perMinute: try rate.counts(at: time), target: schedule.targetPerMinute)
        try rate.count(at: time)
        let price = try schedule.price(item, acceptedAt: time, congestion: units)
        try AuditDifference.check(place, "base fee", expected: price.base, found: charge.price.base)
        try AuditDifference.check(place, "storage fee", expected: price.storage, found: charge.price.storage)
        try AuditDifference.check(
            place, "congestion fee at \(units) units", expected: price.congestion, found: charge.price.congestion)
        try hold(charge, acceptedAt: time, schedule)
    }

    /// Holds what a charge that was accepted at `time` put down.
    mutating func hold(_ charge: Charge, acceptedAt time: UInt64, _ schedule: FeeSchedule) throws {
        let price = charge.price
        envelopes[charge.number] = charge.envelopeHash
        let perDay = try charge.storagePerDay(acceptedAt: time)
        if charge.expiryDay > lastMidnight { try storage.hold(perDay: perDay, until: charge.expiryDay) }
        held[charge.number] = Held(
            epoch: epoch, base: price.base, congestion: price.congestion, expiryDay: charge.expiryDay,
            storagePerDay: perDay, postage: price.postage > .zero ? price.postage : nil,
            postageDue: price.postage > .zero ? time.addingClamped(schedule.postageWindow) : nil)
        flows.charged = try flows.charged.adding(try price.total)
    }

    private mutating func midnight(_ midnight: Midnight, at time: UInt64, _ place: String) throws {
        guard midnight.day > lastMidnight else {
            throw AuditDifference(place, "day", expected: "after \(lastMidnight.number)", found: midnight.day.number)
        }
        try AuditDifference.check(place, "day", expected: lastMidnight.next.number, found: midnight.day.number)
        try AuditDifference.check(place, "time", expected: midnight.day.start, found: time)
        let captured = try storage.capture(midnight.day)
        try AuditDifference.check(place, "storage captured", expected: captured, found: midnight.captured)
        lastMidnight = midnight.day
        flows.storage = try flows.storage.adding(captured)
    }

    private mutating func postage(_ decision: PostageDecision, at time: UInt64, _ place: String) throws {
        guard let charge = held[decision.charge], let amount = charge.postage, let due = charge.postageDue else {
            throw AuditDifference(
                place, "held postage of charge \(decision.charge)", expected: "some", found: "none")
        }
        try AuditDifference.check(place, "postage", expected: amount, found: decision.amount)
        switch decision.outcome {
        case .welcomed:
            guard time < due else { throw AuditDifference(place, "time of welcome", expected: "< \(due)", found: time) }
            flows.refunded = try flows.refunded.adding(amount)
            flows.welcomed += 1
        case .captured:
            guard time >= due else {
                throw AuditDifference(place, "time of capture", expected: "≥ \(due)", found: time)
            }
            flows.postage = try flows.postage.adding(amount)
        }
        release(decision.charge) { $0.postage = nil }
    }

    private mutating func void(_ void: VoidedCharge, _ place: String) throws {
        guard let charge = held[void.charge], let base = try charge.base?.adding(charge.congestion ?? .zero) else {
            throw AuditDifference(place, "held base of charge \(void.charge)", expected: "some", found: "none")
        }
        let start = genesis.epochs.beginning(of: charge.epoch)
        let members = Set(nodes.filter { $0.registeredAt <= start }.map(\.node.number))
        let isUndelivered = DeliveryCut.isUndelivered(
            charge: void.charge, holders: members.count,
            reports: (reports[charge.epoch] ?? []).filter { members.contains($0.node) }, isAcknowledged: true)
        guard isUndelivered else {
            throw AuditDifference(
                place, "charge \(void.charge)", expected: "captured: a majority holds it", found: "voided")
        }
        let days = charge.expiryDay > lastMidnight ? UInt64(charge.expiryDay.number - lastMidnight.number) : 0
        let unspent = try charge.storagePerDay.times(days)
        try AuditDifference.check(place, "base returned", expected: base, found: void.base)
        try AuditDifference.check(place, "storage returned", expected: unspent, found: void.storage)
        try AuditDifference.check(place, "postage returned", expected: charge.postage ?? .zero, found: void.postage)
        if days > 0 { try storage.release(perDay: charge.storagePerDay, until: charge.expiryDay) }
        flows.refunded = try Amount.sum([flows.refunded, base, unspent, charge.postage ?? .zero])
        held[void.charge] = nil
        voided.append(void.charge)
    }

    private mutating func cut(_ cut: Cut, at time: UInt64, _ place: String) throws {
        try AuditDifference.check(place, "time", expected: genesis.epochs.deliveryCut(of: cut.epoch), found: time)
        let due = held.filter { $0.value.epoch == cut.epoch && $0.value.base != nil }
        let base = try Amount.sum(due.values.compactMap(\.base))
        let congestion = try Amount.sum(due.values.compactMap(\.congestion))
        try AuditDifference.check(place, "base captured", expected: base, found: cut.base)
        try AuditDifference.check(place, "congestion captured", expected: congestion, found: cut.congestion)
        try AuditDifference.check(place, "charges captured", expected: UInt64(due.count), found: cut.charges)
        try AuditDifference.check(place, "charges voided", expected: UInt64(voided.count), found: cut.voided)
        for number in due.keys {
            release(number) {
                $0.base = nil
                $0.congestion = nil
            }
        }
        voided = []
        flows.base = try flows.base.adding(base)
        flows.congestion = try flows.congestion.adding(congestion)
    }

    private mutating func release(_ number: UInt64, _ change: (inout Held) -> Void) {
        guard var charge = held[number] else { return }
        change(&charge)
        held[number] = charge.base == nil && charge.postage == nil ? nil : charge
    }

    private mutating func books(_ body: [UInt8], _ place: String) throws {
        let books = try LogBody.readBooks(body)
        try AuditDifference.check(place, "epoch", expected: epoch, found: books.epoch)
        guard journalEnd == nil else { throw AuditDifference(place, "books", expected: "one leaf", found: "two") }
        journalEnd = EntryAnchor(number: books.entry, hash: books.hash)
    }

    private mutating func edge(_ leaf: LogLeaf, _ place: String) throws {
        guard journalEnd != nil else {
            throw AuditDifference(place, "leaf before the edge", expected: "the journal's end", found: "none")
        }
        let expected = LogBody.edge(epoch: epoch, time: genesis.epochs.edge(of: epoch))
        try AuditDifference.check(place, "edge", expected: Hex.encode(expected.body), found: Hex.encode(leaf.body))
        try AuditDifference.check(place, "time", expected: genesis.epochs.edge(of: epoch), found: leaf.time)
        isClosed = true
    }

    /// What is held once every leaf was replayed, by the parts of a price.
    func heldNow() throws -> Price {
        Price(
            base: try Amount.sum(held.values.compactMap(\.base)), storage: try storage.held(after: lastMidnight),
            congestion: try Amount.sum(held.values.compactMap(\.congestion)),
            postage: try Amount.sum(held.values.compactMap(\.postage)))
    }
}
