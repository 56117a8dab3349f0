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

/// Drafts that become own events, and what is to hold for them.
struct Publication: Sendable {
    let drafts: [PublishDraft]
    let signer: EventSigner
    /// The node's time.
    let time: UInt64
    let head: SignedHead?
    /// The highest own sequence in a shard that anybody has shown by now: below it nothing is signed.
    let proven: @Sendable (Shard) -> UInt64
}

extension EventStore {
    /// How far the own chain in a shard goes, as far as it is known.
    func ownHighest(in shard: Shard) -> UInt64 {
        let own = ChainID(originator: number, shard: shard)
        return max(known(own), index.chain(own).highest)
    }

    /// The own sequence up to which a repair may have lost what was signed.
    func signedMark() throws(SQLiteFailure) -> UInt64 { try database.signedMark() }

    /// Makes and signs events for drafts, inside a transaction.
    func publish(_ publication: Publication, _ changes: inout StoreChanges) throws(SQLiteFailure) -> [PublishDecision] {
        try keep(publication.head)
        var tips: [Shard: (sequence: UInt64, id: Bytes32)] = [:]
        let isFull = try limits.diskBytes.map { limit throws(SQLiteFailure) in try usedBytes() >= limit } ?? false
        var decisions: [PublishDecision] = []
        for draft in publication.drafts {
            let shard = sharding.shard(ofEnvelope: draft.receipt.charge.envelopeHash)
            guard index.sets[shard] != nil else {
                decisions.append(.refused(.event(.foreign(shard))))
                continue
            }
            var tip = tips[shard] ?? (0, .zero)
            if tips[shard] == nil { tip = try chainTip(of: ChainID(originator: number, shard: shard)) }
            // After the last sequence there is none.
            let isWhole = tip.sequence >= publication.proven(shard) && tip.sequence < UInt64(Int64.max)
            let decision = try decide(draft, isWhole: isWhole, isFull: isFull, time: publication.time)
            guard case .sign = decision else {
                decisions.append(decision.outcome)
                continue
            }
            let checked = try sign(draft, after: tip, by: publication.signer)
            try insert(checked, isFirstOfCharge: true, isMessage: true, acknowledged: publication.time, &changes)
            tips[shard] = (checked.event.sequence, checked.id)
            decisions.append(.made(checked.wire, event: checked.id, time: publication.time))
        }
        return decisions
    }

    private func sign(
        _ draft: PublishDraft, after tip: (sequence: UInt64, id: Bytes32), by signer: EventSigner
    ) throws(SQLiteFailure) -> CheckedEvent {
        let topic = draft.envelope.head.topic
        let signed = signer.sign(
            Event(
                originator: number,
                sequence: tip.sequence + 1,
                previous: tip.id,
                topic: topic,
                links: try nextLinks(of: topic),
                envelopeHash: draft.envelope.hash,
                receipt: draft.receipt.canonicalBytes
            ))
        return CheckedEvent(
            signed: signed, wire: WireEvent(signed, draft.envelope), receipt: draft.receipt, deletion: nil,
            sharding: sharding)
    }

    private enum Step {
        case sign
        case done(PublishDecision)

        var outcome: PublishDecision {
            switch self {
            case .sign: .refused(.healing)
            case .done(let decision): decision
            }
        }
    }

    /// A charge that is held is answered, whatever the time; a new one needs its deadline, room, and a whole own chain.
    private func decide(
        _ draft: PublishDraft, isWhole: Bool, isFull: Bool, time: UInt64
    ) throws(SQLiteFailure) -> Step {
        let charge = draft.receipt.charge
        let held = try events(ofCharge: charge.number)
        if let own = held.first(where: { $0.originator == number }) {
            return .done(.held(event: own.id, time: try acknowledgedTime(of: own.id) ?? time))
        }
        if let other = held.first { return .done(.held(event: other.id, time: time)) }
        guard charge.publishBy >= time else { return .done(.refused(.late(time: time, publishBy: charge.publishBy))) }
        guard charge.expiryDay >= floor else {
            return .done(.refused(.event(.evicted(expiry: charge.expiryDay, floor: floor))))
        }
        guard !isFull else { return .done(.refused(.storage(isDiskFull: true))) }
        return isWhole ? .sign : .done(.refused(.healing))
    }

    private func acknowledgedTime(of id: Bytes32) throws(SQLiteFailure) -> UInt64? {
        try database.first("SELECT acknowledged FROM event WHERE id = ? AND acknowledged IS NOT NULL", [.id(id)]) {
            row throws(SQLiteFailure) in try row.unsigned(0)
        }
    }

    private func nextLinks(of topic: Bytes32) throws(SQLiteFailure) -> [Bytes32] {
        let tips = try database.rows(
            "SELECT id FROM tip WHERE topic = ? ORDER BY id LIMIT ?",
            [.id(topic), .integer(Int64(Event.linksOwn))]
        ) { row throws(SQLiteFailure) in try row.bytes32(0) }
        return TopicDAG(tips: tips).nextLinks
    }

    /// The last event of a chain that is or was held, or was shown by a peer; sequence 0 and the zero id where there is none.
    func chainTip(of chain: ChainID) throws(SQLiteFailure) -> (sequence: UInt64, id: Bytes32) {
        guard let tip = try signedTip(of: chain) else { return (0, .zero) }
        return (tip.event.sequence, tip.id)
    }

    /// The same with its signature.
    func signedTip(of chain: ChainID) throws(SQLiteFailure) -> SignedEvent? {
        let tips = try database.rows(
            """
            SELECT bytes, signature FROM (SELECT bytes, signature FROM event WHERE originator = ?1 AND shard = ?2
            ORDER BY sequence DESC, id LIMIT 1)
            UNION ALL SELECT bytes, signature FROM chain WHERE originator = ?1 AND shard = ?2
            """, [.node(chain.originator), .shard(chain.shard)]
        ) { row throws(SQLiteFailure) in
            guard let signature = try? Signature(row.blob(1)),
                let event = try? SignedEvent(bytes: row.blob(0), signature: signature)
            else { throw .damaged("no end of a chain") }
            return event
        }
        return tips.max { $0.event.sequence < $1.event.sequence }
    }

    /// Writes down how far a chain went, inside a transaction.
    func writeTip(_ tip: SignedEvent) throws(SQLiteFailure) {
        try database.run(
            "INSERT OR REPLACE INTO chain(originator, shard, sequence, id, bytes, signature) VALUES(?, ?, ?, ?, ?, ?)",
            [
                .node(tip.event.originator), .shard(tip.event.place(sharding).shard), .number(tip.event.sequence),
                .id(tip.id), .blob(tip.bytes),
                .blob(tip.signature.bytes),
            ])
    }

    /// Keeps an event of a chain that a peer has shown, signed, where it is further than what is known: what comes next comes
    /// after it, whether it is ever held or not.
    func keep(shown tip: SignedEvent) throws(SQLiteFailure) {
        let chain = tip.event.place(sharding).chain
        guard try tip.event.sequence > chainTip(of: chain).sequence else { return }
        try transaction { () throws(SQLiteFailure) in try writeTip(tip) }
        known[chain] = tip.event.sequence
    }

    /// The ends of an originator's chains, signed, ascending by shard, some of them from a shard on.
    func signedTips(of originator: UInt32, from shard: Shard, limit: Int) throws(SQLiteFailure) -> [SignedEvent] {
        let shards = Set(index.sets.filter { $0.value.places.chains[originator] != nil }.keys)
            .union(known.keys.filter { $0.originator == originator }.map(\.shard))
        var tips: [SignedEvent] = []
        for shard in shards.sorted().drop(while: { $0 < shard }).prefix(limit) {
            if let tip = try signedTip(of: ChainID(originator: originator, shard: shard)) { tips.append(tip) }
        }
        return tips
    }
}
