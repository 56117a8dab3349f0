public import Primitives

/// What is charged from a moment on. Amounts are in ledger units.
public struct FeeSchedule: Hashable, Sendable {
    /// 1, 2, 3 … in the order in which they take effect.
    public let version: UInt32
    /// The first second in which it is in force.
    public let effectiveFrom: UInt64
    /// For each message.
    public let base: Amount
    /// For each payload byte and day of storage.
    public let storagePerByteDay: Amount
    /// For each unit of congestion, 0 … 100 of them.
    public let congestionUnit: Amount
    /// Messages a minute up to which congestion is 0.
    public let targetPerMinute: UInt32
    /// What a first message to a stranger puts down.
    public let postage: Amount
    /// For how long the recipient can give postage back, in seconds from acceptance.
    public let postageWindow: UInt64
    /// The fewest days of storage that can be bought.
    public let retentionDaysMin: UInt32
    /// The most days of storage that can be bought.
    public let retentionDaysMax: UInt32
    /// The largest payload.
    public let bytesMax: UInt32

    /// Makes a schedule.
    public init(
        version: UInt32, effectiveFrom: UInt64, base: Amount, storagePerByteDay: Amount, congestionUnit: Amount,
        targetPerMinute: UInt32, postage: Amount, postageWindow: UInt64, retentionDaysMin: UInt32,
        retentionDaysMax: UInt32, bytesMax: UInt32
    ) {
        self.version = version
        self.effectiveFrom = effectiveFrom
        self.base = base
        self.storagePerByteDay = storagePerByteDay
        self.congestionUnit = congestionUnit
        self.targetPerMinute = targetPerMinute
        self.postage = postage
        self.postageWindow = postageWindow
        self.retentionDaysMin = retentionDaysMin
        self.retentionDaysMax = retentionDaysMax
        self.bytesMax = bytesMax
    }

    /// The parts of an item's price when it is accepted at `time` with `congestion` units (0 … 100).
    public func price(_ item: Item, acceptedAt time: UInt64, congestion: UInt8) throws(PriceRefusal) -> Price {
        precondition(congestion <= Congestion.unitsMax, "congestion is measured in 0 to 100 units")
        guard item.bytes <= bytesMax else { throw .tooLarge(bytes: item.bytes, limit: bytesMax) }
        let today = UTCDay(containing: time).number
        let days = item.expiryDay.number > today ? item.expiryDay.number - today : 0
        // Compared one by one: a schedule from outside may have its bounds the wrong way round, and sells nothing then.
        guard days >= retentionDaysMin, days <= retentionDaysMax else {
            throw .retention(days: days, from: retentionDaysMin, to: retentionDaysMax)
        }
        guard item.postage == .zero || item.postage == postage else {
            throw .postage(offered: item.postage, asked: postage)
        }
        do {
            return Price(
                base: base,
                storage: try storagePerByteDay.times(UInt64(item.bytes)).times(UInt64(days)),
                congestion: try congestionUnit.times(UInt64(congestion)),
                postage: item.postage)
        } catch {
            throw .overflow
        }
    }
}

/// Why an item has no price.
public enum PriceRefusal: Error, Hashable, Sendable {
    /// The payload is above the schedule's limit.
    case tooLarge(bytes: UInt32, limit: UInt32)
    /// The expiry is outside the days that can be bought.
    case retention(days: UInt32, from: UInt32, to: UInt32)
    /// Postage is neither nothing nor what the schedule asks.
    case postage(offered: Amount, asked: Amount)
    /// The price is above 2^128 − 1.
    case overflow
}

/// The parts of one message's price.
public struct Price: Hashable, Sendable {
    /// For the message.
    public let base: Amount
    /// For bytes × days.
    public let storage: Amount
    /// For the load of the network.
    public let congestion: Amount
    /// For a stranger's attention.
    public let postage: Amount

    /// Makes a price.
    public init(base: Amount, storage: Amount, congestion: Amount, postage: Amount) {
        self.base = base
        self.storage = storage
        self.congestion = congestion
        self.postage = postage
    }

    /// Part by part.
    public func adding(_ other: Price) throws(AmountError) -> Price {
        Price(
            base: try base.adding(other.base), storage: try storage.adding(other.storage),
            congestion: try congestion.adding(other.congestion), postage: try postage.adding(other.postage))
    }

    /// All parts together.
    public var total: Amount {
        get throws(AmountError) { try Amount.sum([base, storage, congestion, postage]) }
    }
}
