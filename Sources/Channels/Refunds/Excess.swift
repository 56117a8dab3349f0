public import Primitives

/// By how much a charge is above what the log's schedule says.
public struct Excess: Hashable, Sendable {
    /// Of the base fee.
    public let base: Amount
    /// Of each day's storage.
    public let storagePerDay: Amount
    /// Of the congestion fee.
    public let congestion: Amount
    /// Of the postage.
    public let postage: Amount

    /// Makes an excess of parts.
    public init(base: Amount, storagePerDay: Amount, congestion: Amount, postage: Amount) {
        self.base = base
        self.storagePerDay = storagePerDay
        self.congestion = congestion
        self.postage = postage
    }

    /// Compares a charge that was logged at `time` with the price of `schedule`, the one in force then, at the
    /// congestion that the leaves before it make. Postage is what the schedule asks, or none where none was ordered.
    ///
    /// A part that is too cheap gives nothing back and takes nothing from another. `nil` where no part is too dear.
    public init?(
        of charge: Charge, at time: UInt64, under schedule: FeeSchedule, counts: MinuteCounts
    ) throws(AmountError) {
        let units = Congestion.units(perMinute: counts, target: schedule.targetPerMinute)
        let right = try schedule.storagePerByteDay.times(UInt64(charge.bytes))
        let perDay = try charge.storagePerDay(acceptedAt: time)
        let postage = charge.price.postage > .zero ? schedule.postage : .zero
        self.init(
            base: Self.above(charge.price.base, schedule.base),
            storagePerDay: Self.above(perDay, right),
            congestion: Self.above(charge.price.congestion, try schedule.congestionUnit.times(UInt64(units))),
            postage: Self.above(charge.price.postage, postage))
        guard self != Excess(base: .zero, storagePerDay: .zero, congestion: .zero, postage: .zero) else { return nil }
    }

    private static func above(_ paid: Amount, _ right: Amount) -> Amount {
        paid > right ? Amount(paid.units - right.units) : .zero
    }
}
