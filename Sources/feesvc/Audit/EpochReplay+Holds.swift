import Channels
import Primitives

/// What becomes of what is held.
extension EpochReplay {
    /// Replays a midnight: the next one, with all storage that falls due at it.
    mutating func midnight(_ midnight: Midnight, at time: UInt64, _ place: LeafPlace) throws {
        guard midnight.day > lastMidnight else {
            throw AuditDifference(place, "day", expected: "after \(lastMidnight.number)", found: midnight.day.number)
        }
        try AuditDifference.check(place, "day", expected: lastMidnight.next.number, found: midnight.day.number)
        try AuditDifference.check(place, "time", expected: midnight.day.start, found: time)
        let captured = try storage.capture(midnight.day)
        try AuditDifference.check(place, "storage captured", expected: captured, found: midnight.captured)
        lastMidnight = midnight.day
        capturedByDay[midnight.day] = captured
        flows.storage = try flows.storage.adding(captured)
    }

    /// Replays what became of a charge's postage.
    mutating func postage(_ decision: PostageDecision, at time: UInt64, _ place: LeafPlace) throws {
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
        held.release(decision.charge) { $0.postage = nil }
        refunds.cases[decision.charge]?.history.isPostageHeld = false
        if decision.outcome == .welcomed { refunds.cases[decision.charge]?.history.returned.postage = amount }
    }

    /// Replays a charge that went back.
    mutating func void(_ void: VoidedCharge, _ place: LeafPlace) throws {
        guard let charge = held[void.charge], let base = charge.base else {
            throw AuditDifference(place, "held base of charge \(void.charge)", expected: "some", found: "none")
        }
        let holders = shardMap(of: charge.epoch).holders(of: charge.shard)
        let claim = DeliveryCut.claim(
            charge: void.charge, holders: holders.count,
            reports: (reports[charge.epoch] ?? []).filter { holders.contains($0.node) },
            shown: ShownEvidence(
                isAcknowledged: void.ground == .undelivered, isRefused: void.ground == .refused, first: nil))
        guard claim?.ground == void.ground else {
            throw AuditDifference(
                place, "charge \(void.charge)", expected: "captured: nodes list it",
                found: "voided as \(void.ground.name)")
        }
        let days = charge.expiryDay > lastMidnight ? UInt64(charge.expiryDay.number - lastMidnight.number) : 0
        let unspent = try charge.storagePerDay.times(days)
        // Congestion stays: it paid for room in the log.
        refunds.keptCongestion = try refunds.keptCongestion.adding(charge.congestion ?? .zero)
        try AuditDifference.check(place, "base returned", expected: base, found: void.base)
        try AuditDifference.check(place, "storage returned", expected: unspent, found: void.storage)
        try AuditDifference.check(place, "postage returned", expected: charge.postage ?? .zero, found: void.postage)
        if days > 0, charge.storagePerDay > .zero {
            try storage.release(perDay: charge.storagePerDay, until: charge.expiryDay)
        }
        flows.refunded = try Amount.sum([flows.refunded, base, unspent, charge.postage ?? .zero])
        held[void.charge] = nil
        voided.append(void.charge)
        var decision = RefundDecision(void.ground)
        decision.held = RefundParts(
            base: base, storage: unspent, postage: charge.postage ?? .zero)
        decision.releasedPerDay = days > 0 ? charge.storagePerDay : .zero
        refunds.cases[void.charge]?.history.note(decision, index: frontier.size, today: lastMidnight)
    }

    /// Replays the end of an epoch's base and congestion holds.
    mutating func cut(_ cut: Cut, at time: UInt64, _ place: LeafPlace) throws {
        try AuditDifference.check(place, "time", expected: genesis.epochs.deliveryCut(of: cut.epoch), found: time)
        var due = try held.base(of: cut.epoch)
        due.congestion = try due.congestion.adding(refunds.keptCongestion)
        refunds.keptCongestion = .zero
        try AuditDifference.check(place, "base captured", expected: due.base, found: cut.base)
        try AuditDifference.check(place, "congestion captured", expected: due.congestion, found: cut.congestion)
        try AuditDifference.check(place, "charges captured", expected: due.count, found: cut.charges)
        try AuditDifference.check(place, "charges voided", expected: UInt64(voided.count), found: cut.voided)
        held.cut(cut.epoch)
        voided = []
        refunds.atCut = [:]
        for (number, known) in refunds.cases where known.epoch == cut.epoch {
            refunds.cases[number]?.history.isBaseHeld = false
        }
        flows.base = try flows.base.adding(due.base)
        flows.congestion = try flows.congestion.adding(due.congestion)
    }

    /// What is held once every leaf was replayed, by the parts of a price.
    func heldNow() throws -> Price {
        let (base, congestion, postage) = try held.total()
        return Price(
            base: base, storage: try storage.held(after: lastMidnight), congestion: congestion, postage: postage)
    }
}
