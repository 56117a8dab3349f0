import Channels
import Primitives

/// Charges, and what they put down.
extension EpochReplay {
    /// Replays a charge: its number, its schedule and each part of its price.
    mutating func charge(_ charge: Charge, at time: UInt64, _ place: LeafPlace) throws {
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
        let counts = try rate.counts(at: time)
        let units = Congestion.units(perMinute: counts, target: schedule.targetPerMinute)
        try rate.count(at: time)
        let price = try schedule.price(item, acceptedAt: time, congestion: units)
        // What is above the schedule and goes back in this epoch is mended; anything else is a difference.
        let excess =
            refunds.keeps(charge.number)
            ? try Excess(of: charge, at: time, under: schedule, counts: counts) : nil
        if excess == nil || price.base > charge.price.base {
            try AuditDifference.check(place, "base fee", expected: price.base, found: charge.price.base)
        }
        if excess == nil || price.storage > charge.price.storage {
            try AuditDifference.check(place, "storage fee", expected: price.storage, found: charge.price.storage)
        }
        if excess == nil || price.congestion > charge.price.congestion {
            try AuditDifference.check(
                place, "congestion fee at \(units) units", expected: price.congestion, found: charge.price.congestion)
        }
        try hold(charge, acceptedAt: time, schedule)
        if let excess { refunds.cases[charge.number]?.excess = excess }
    }

    /// Holds what a charge that was accepted at `time` put down.
    mutating func hold(_ charge: Charge, acceptedAt time: UInt64, _ schedule: FeeSchedule) throws {
        let price = charge.price
        if held.keeps(charge.number) { envelopes[charge.number] = charge.envelopeHash }
        let perDay = try charge.storagePerDay(acceptedAt: time)
        if refunds.keeps(charge.number) {
            refunds.cases[charge.number] = ReplayedRefunds.Case(
                history: ChargeHistory(charge, acceptedAt: time, perDay: perDay), epoch: epoch)
            refunds.cases[charge.number]?.history.outages = refunds.outages
        }
        if charge.expiryDay > lastMidnight { try storage.hold(perDay: perDay, until: charge.expiryDay) }
        try held.add(
            charge.number,
            HeldCharges.Held(
                epoch: epoch, base: price.base, congestion: price.congestion, expiryDay: charge.expiryDay,
                storagePerDay: perDay, postage: price.postage > .zero ? price.postage : nil,
                postageDue: price.postage > .zero ? time.addingClamped(schedule.postageWindow) : nil,
                shard: genesis.sharding.shard(ofEnvelope: charge.envelopeHash)))
        flows.charged = try flows.charged.adding(try price.total)
    }
}
