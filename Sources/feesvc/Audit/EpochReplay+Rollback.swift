import Channels
import Primitives

extension EpochReplay {
    /// Replays an act that goes on after leaves were lost.
    mutating func rollBack(_ logged: LoggedRollback, _ place: LeafPlace) throws {
        let rollback = logged.rollback
        guard keys.isGood(rollback, at: logged.index) else {
            throw AuditDifference(place, "lost head", expected: "a larger one of the log key", found: "another")
        }
        try AuditDifference.check(place, "charges before it", expected: chargeCount, found: rollback.charges)
        chargeCount = rollback.lastCharge
        rate = ChargeRate(minute: time / 60)
        rollbacks.append(logged)
    }

    /// Replays a charge of a lost history. What congestion there was then nobody can recount: it has to be whole units.
    mutating func restored(_ restored: RestoredCharge, _ place: LeafPlace) throws {
        let charge = restored.charge
        guard rollbacks.contains(where: { $0.covers(charge: charge.number) && restored.index >= $0.index }),
            restored.time <= time, restoredNumbers.insert(charge.number).inserted
        else {
            throw AuditDifference(place, "charge number", expected: "one that was lost, once", found: charge.number)
        }
        try AuditDifference.check(place, "epoch", expected: epoch, found: charge.epoch)
        try AuditDifference.check(
            place, "publishBy", expected: genesis.epochs.publishBy(acceptedAt: restored.time), found: charge.publishBy)
        guard let schedule = schedules.last(where: { $0.effectiveFrom <= restored.time }) else {
            throw AuditDifference(place, "schedule in force", expected: "one", found: "none")
        }
        try AuditDifference.check(place, "schedule", expected: schedule.version, found: charge.schedule)
        let item = Item(
            envelopeHash: charge.envelopeHash, bytes: charge.bytes, expiryDay: charge.expiryDay,
            postage: charge.price.postage, maxFee: .max)
        let possible = try (0...Congestion.unitsMax).map {
            try schedule.price(item, acceptedAt: restored.time, congestion: $0)
        }
        guard possible.contains(charge.price) else {
            throw AuditDifference(
                place, "price", expected: "the schedule's, with whole units of congestion", found: "another")
        }
        try hold(charge, acceptedAt: restored.time, schedule)
        flows.storage = try flows.storage.adding(try restored.storageCaptured(through: lastMidnight))
    }
}
