import Channels
import Primitives

/// An envelope with a receipt that was checked, ready to become an event.
struct PublishDraft: Sendable {
    let envelope: Envelope
    let receipt: Receipt
}

/// Signs own events.
struct EventSigner: Sendable {
    let key: SecretKey
    let domain: EIP712Domain

    func sign(_ event: Event) -> SignedEvent { SignedEvent(event: event, key: key, domain: domain) }
}

/// What the store made of a draft.
enum PublishDecision: Sendable {
    /// The charge is held; `time` is what its acknowledgement says.
    case held(event: Bytes32, time: UInt64)
    /// A new event was signed.
    case made(WireEvent, event: Bytes32, time: UInt64)
    /// The draft was refused.
    case refused(PublishRefusal)
}

extension EventStore {
    /// How far the own chain is held.
    var ownHighest: UInt64 { index.chain(of: number).highestWithoutGap }

    /// Makes and signs events for drafts in one durable transaction.
    ///
    /// `time` is the node's; `proven` the highest own sequence that anybody has shown: below it nothing is signed.
    func publish(
        _ drafts: [PublishDraft],
        by signer: EventSigner,
        time: UInt64,
        head: SignedHead?,
        proven: UInt64
    ) throws(SQLiteFailure) -> [PublishDecision] {
        var additions: [StoreIndex.Addition] = []
        let decisions = try transaction { () throws(SQLiteFailure) in
            try keep(head)
            var chain = index.chain(of: number)
            var previous = try event(of: number, at: chain.highestWithoutGap) ?? .zero
            var decisions: [PublishDecision] = []
            for draft in drafts {
                let decision = try decide(draft, next: chain.next(after: proven), time: time)
                guard case .sign(let sequence) = decision else {
                    decisions.append(decision.outcome)
                    continue
                }
                let event = Event(
                    originator: number,
                    sequence: sequence,
                    previous: previous,
                    topic: draft.envelope.head.topic,
                    links: try nextLinks(of: draft.envelope.head.topic),
                    envelopeHash: draft.envelope.hash,
                    receipt: draft.receipt.canonicalBytes
                )
                let signed = signer.sign(event)
                let wire = WireEvent(signed, draft.envelope)
                let checked = CheckedEvent(
                    signed: signed,
                    wire: wire,
                    charge: draft.receipt.charge,
                    logged: draft.receipt.leaf.time,
                    head: draft.receipt.head
                )
                let depth = try depth(of: event)
                additions.append(try insert(checked, depth: depth, isMessage: true, acknowledged: time))
                chain.add(sequence)
                previous = signed.id
                decisions.append(.made(wire, event: signed.id, time: time))
            }
            return decisions
        }
        index.add(additions)
        return decisions
    }

    private enum Step {
        case sign(sequence: UInt64)
        case done(PublishDecision)

        var outcome: PublishDecision {
            switch self {
            case .sign: .refused(.healing)
            case .done(let decision): decision
            }
        }
    }

    /// A charge that is held is answered, whatever the time; a new one needs its deadline and a whole own chain.
    private func decide(_ draft: PublishDraft, next: UInt64?, time: UInt64) throws(SQLiteFailure) -> Step {
        let charge = draft.receipt.charge
        let held = try events(ofCharge: charge.number)
        if let own = held.first(where: { $0.originator == number }) {
            return .done(.held(event: own.id, time: try acknowledgedTime(of: own.id) ?? time))
        }
        if let other = held.first { return .done(.held(event: other.id, time: time)) }
        guard charge.publishBy >= time else { return .done(.refused(.late(time: time, publishBy: charge.publishBy))) }
        guard let next else { return .done(.refused(.healing)) }
        return .sign(sequence: next)
    }

    private func acknowledgedTime(of id: Bytes32) throws(SQLiteFailure) -> UInt64? {
        try database.first("SELECT acknowledged FROM event WHERE id = ? AND acknowledged IS NOT NULL", [.id(id)]) {
            row throws(SQLiteFailure) in try row.unsigned(0)
        }
    }

    private func nextLinks(of topic: Bytes32) throws(SQLiteFailure) -> [Bytes32] {
        let tips = try database.rows(
            "SELECT id FROM tip WHERE topic = ? ORDER BY id LIMIT ?",
            [.id(topic), .integer(Int64(Event.linksMax))]
        ) { row throws(SQLiteFailure) in try row.bytes32(0) }
        return TopicDAG(tips: tips).nextLinks
    }

    private func depth(of event: Event) throws(SQLiteFailure) -> UInt64 {
        switch try Placement.of(event, vertex: { id throws(SQLiteFailure) in try vertex(id) }) {
        case .ready(let depth): return depth
        case .waits, .refused: preconditionFailure("an own event links to what is held")
        }
    }
}
