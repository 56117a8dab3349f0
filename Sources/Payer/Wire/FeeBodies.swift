public import Channels
public import Primitives

/// A fee schedule as JSON: its fields by name, amounts in ledger units.
public struct ScheduleBody: Codable, Sendable, Hashable {
    /// 1, 2, 3 … in the order in which they take effect.
    @Count32 public var version: UInt32
    /// The first second in which it is in force.
    public let effectiveFrom: UInt64
    /// For each message.
    public let base: Amount
    /// For each payload byte and day.
    public let storagePerByteDay: Amount
    /// For each unit of congestion.
    public let congestionUnit: Amount
    /// Messages a minute up to which congestion is 0.
    @Count32 public var targetPerMinute: UInt32
    /// What a first message to a stranger puts down.
    public let postage: Amount
    /// For how long it can be given back, in seconds.
    public let postageWindow: UInt64
    /// The fewest days of storage.
    @Count32 public var retentionDaysMin: UInt32
    /// The most days of storage.
    @Count32 public var retentionDaysMax: UInt32
    /// The largest payload.
    @Count32 public var bytesMax: UInt32

    /// Makes the body.
    public init(_ schedule: FeeSchedule) {
        version = schedule.version
        effectiveFrom = schedule.effectiveFrom
        base = schedule.base
        storagePerByteDay = schedule.storagePerByteDay
        congestionUnit = schedule.congestionUnit
        targetPerMinute = schedule.targetPerMinute
        postage = schedule.postage
        postageWindow = schedule.postageWindow
        retentionDaysMin = schedule.retentionDaysMin
        retentionDaysMax = schedule.retentionDaysMax
        bytesMax = schedule.bytesMax
    }

    /// The schedule.
    public var schedule: FeeSchedule {
        FeeSchedule(
            version: version, effectiveFrom: effectiveFrom, base: base, storagePerByteDay: storagePerByteDay,
            congestionUnit: congestionUnit, targetPerMinute: targetPerMinute, postage: postage,
            postageWindow: postageWindow, retentionDaysMin: retentionDaysMin, retentionDaysMax: retentionDaysMax,
            bytesMax: bytesMax)
    }
}

/// `GET /v1/schedules`: every schedule of the log.
public struct SchedulesBody: Codable, Sendable {
    /// Where a schedule stands at the log's time.
    public enum State: String, Codable, Sendable {
        /// Another has followed it.
        case past
        /// It prices what is charged now.
        case inForce
        /// It will take effect.
        case announced
    }

    /// A schedule.
    public struct Entry: Codable, Sendable {
        /// The index of its leaf.
        public let logIndex: UInt64
        /// Where it stands.
        public let state: State
        /// The schedule.
        public let schedule: ScheduleBody

        /// Makes an entry.
        public init(logIndex: UInt64, state: State, schedule: ScheduleBody) {
            self.logIndex = logIndex
            self.state = state
            self.schedule = schedule
        }
    }

    /// The log's time.
    public let time: UInt64
    /// The schedules by version.
    public let schedules: [Entry]

    /// Makes the body.
    public init(time: UInt64, schedules: [Entry]) {
        self.time = time
        self.schedules = schedules
    }
}

/// The parts of a price and their sum.
public struct PriceBody: Codable, Sendable, Hashable {
    /// For the message.
    public let base: Amount
    /// For bytes × days.
    public let storage: Amount
    /// For the load of the network.
    public let congestion: Amount
    /// For a stranger's attention.
    public let postage: Amount
    /// The sum.
    public let total: Amount

    /// Makes the body.
    public init(_ quote: FeeQuote) {
        base = quote.price.base
        storage = quote.price.storage
        congestion = quote.price.congestion
        postage = quote.price.postage
        total = quote.total
    }
}

/// `GET /v1/quote`: what a message costs now, and what it will cost under the schedule that is announced next.
public struct QuoteBody: Codable, Sendable {
    /// The next announced schedule.
    public struct Next: Codable, Sendable {
        /// Its version.
        @Count32 public var schedule: UInt32
        /// The first second in which it is in force.
        public let effectiveFrom: UInt64
        /// Units of congestion at the present rate and its target.
        public let congestionUnits: UInt8?
        /// The price then, at the present rate.
        public let price: PriceBody?
        /// Why it takes no such message; instead of a price.
        public let refused: String?

        /// Makes the body.
        public init(_ schedule: FeeSchedule, _ quote: Result<FeeQuote, PriceRefusal>) {
            self.schedule = schedule.version
            effectiveFrom = schedule.effectiveFrom
            switch quote {
            case .success(let quote):
                (congestionUnits, price, refused) = (quote.congestionUnits, PriceBody(quote), nil)
            case .failure(let refusal): (congestionUnits, price, refused) = (nil, nil, refusal.detail)
            }
        }
    }

    /// The time of the quote.
    public let time: UInt64
    /// The version in force.
    @Count32 public var schedule: UInt32
    /// Units of congestion, 0 … 100, that the log's next charge has.
    public let congestionUnits: UInt8
    /// The price now.
    public let price: PriceBody
    /// What is announced next.
    public let next: Next?
    /// Whether charging is paused: until it goes on, nothing is sold at this price.
    public let paused: Bool

    /// Makes the body.
    public init(time: UInt64, quote: FeeQuote, next: Next?, paused: Bool) {
        self.time = time
        self.paused = paused
        schedule = quote.schedule.version
        congestionUnits = quote.congestionUnits
        price = PriceBody(quote)
        self.next = next
    }
}

/// `GET /v1/admin/acts`: what whoever signs the next act has to know.
public struct AdminStateBody: Codable, Sendable {
    /// The nonce of the newest act; the next is above it.
    public let nonce: UInt64
    /// Whose key signs acts.
    public let adminKey: Address
    /// Whether charging is paused.
    public let paused: Bool

    /// Makes the body.
    public init(nonce: UInt64, adminKey: Address, paused: Bool) {
        self.nonce = nonce
        self.adminKey = adminKey
        self.paused = paused
    }
}
