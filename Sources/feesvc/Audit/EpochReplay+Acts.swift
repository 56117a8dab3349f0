import Channels
import Primitives
import Rewards

extension EpochReplay {
    /// Replays an administrative act: the admin key signed it, and what it orders comes next.
    mutating func act(_ leaf: LogLeaf, _ place: LeafPlace) throws {
        let logged = try LoggedAct(index: leaf.index, body: leaf.body)
        do throws(KeyRefusal) {
            try keys.follow(logged)
        } catch {
            guard error == .signature else {
                throw AuditDifference(place, "rotation", expected: "one that is allowed", found: error.detail)
            }
            throw AuditDifference(place, "signature", expected: "the admin key's", found: "another")
        }
        let act = logged.act
        switch act.order {
        case .clock:
            throw AuditDifference(place, "act", expected: "one that is logged", found: act.order.name)
        case .collect, .seal, .rotate, .close: break
        case .schedule(let schedule): announced = schedule
        case .pause(let isOrdered): isPaused = isOrdered
        case .ruleset(let bytes): rewards.next = try Ruleset(canonicalBytes: bytes)
        case .correct(let correction): try correct(correction, place)
        case .rollback(let rollback):
            try rollBack(LoggedRollback(index: leaf.index, rollback: rollback), place)
        }
    }

    /// Replays a correction: of an epoch before, between purses that there are.
    private mutating func correct(_ correction: Correction, _ place: LeafPlace) throws {
        guard correction.epoch < epoch else {
            throw AuditDifference(place, "corrected epoch", expected: "below \(epoch)", found: correction.epoch)
        }
        for purse in [correction.from, correction.to] {
            guard case .rewards(let address) = purse else { continue }
            guard let node = nodes.first(where: { $0.node.registration.operatorAddress == address })?.node.number else {
                throw AuditDifference(place, "operator", expected: "one with a node", found: address)
            }
            guard purse == correction.to else { continue }
            rewards.credited[node] = try (rewards.credited[node] ?? .zero).adding(correction.amount)
        }
        if correction.to == .pool { rewards.corrected.into = try rewards.corrected.into.adding(correction.amount) }
        if correction.from == .pool { rewards.corrected.outOf = try rewards.corrected.outOf.adding(correction.amount) }
    }

    /// Replays a schedule: the log's first, or one that an act announced and that may follow the last one.
    mutating func schedule(_ schedule: FeeSchedule, _ place: LeafPlace) throws {
        defer { announced = nil }
        do {
            guard let last = schedules.last else {
                try genesis.scheduleChange.bounds.check(schedule)
                return schedules.append(schedule)
            }
            guard schedule == announced else {
                throw AuditDifference(
                    place, "schedule", expected: announced == nil ? "none without an act" : "the act's",
                    found: "another")
            }
            try genesis.scheduleChange.check(schedule, after: last, now: time)
        } catch let refusal as ScheduleRefusal {
            throw AuditDifference(place, "schedule", expected: "what may follow", found: refusal.detail)
        }
        schedules.append(schedule)
    }
}
