public import Primitives

/// What a message would cost, with the parts of its price.
public struct FeeQuote: Hashable, Sendable {
    /// The schedule that prices it.
    public let schedule: FeeSchedule
    /// Units of congestion, 0 … 100.
    public let congestionUnits: UInt8
    /// The parts.
    public let price: Price
    /// Their sum.
    public let total: Amount

    /// Prices a message of `bytes` that is stored for `days` after the day of `time`, with the schedule's postage or
    /// without.
    ///
    /// - Parameter counts: The log's charges by minute; what the next charge would have before it.
    public init(
        bytes: UInt32, days: UInt32, withPostage: Bool, under schedule: FeeSchedule, counts: MinuteCounts,
        at time: UInt64
    ) throws(PriceRefusal) {
        let (expiry, isBeyond) = UTCDay(containing: time).number.addingReportingOverflow(days)
        guard !isBeyond else {
            throw .retention(days: days, from: schedule.retentionDaysMin, to: schedule.retentionDaysMax)
        }
        let item = Item(
            envelopeHash: .zero, bytes: bytes, expiryDay: UTCDay(number: expiry),
            postage: withPostage ? schedule.postage : .zero, maxFee: .max)
        self.schedule = schedule
        congestionUnits = Congestion.units(perMinute: counts, target: schedule.targetPerMinute)
        price = try schedule.price(item, acceptedAt: time, congestion: congestionUnits)
        do {
            total = try price.total
        } catch {
            throw .overflow
        }
    }
}
