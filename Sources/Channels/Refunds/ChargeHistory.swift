public import Primitives

/// What was recorded of a charge: what it paid, and every decision on it since.
public struct ChargeHistory: Hashable, Sendable {
    /// Storage that was given up.
    public struct Release: Hashable, Sendable {
        /// The leaf that says so.
        public let logIndex: UInt64
        /// What a day costs less.
        public let perDay: Amount
        /// The days after this one cost less.
        public let fromDay: UTCDay
        /// Whether the price was too high, so that days that were captured cost less too.
        public let isPrice: Bool

        /// Makes a release.
        public init(logIndex: UInt64, perDay: Amount, fromDay: UTCDay, isPrice: Bool) {
            self.logIndex = logIndex
            self.perDay = perDay
            self.fromDay = fromDay
            self.isPrice = isPrice
        }
    }

    /// An outage that was declared.
    public struct PastOutage: Hashable, Sendable {
        /// The leaf that says so.
        public let logIndex: UInt64
        /// Which day, and how much of it.
        public let outage: Outage

        /// Makes one.
        public init(logIndex: UInt64, outage: Outage) {
            self.logIndex = logIndex
            self.outage = outage
        }
    }

    /// The charge's number.
    public let number: UInt64
    /// The moment of acceptance.
    public let acceptedAt: UInt64
    /// The expiry day.
    public let expiryDay: UTCDay
    /// What was charged for base, congestion and postage; `storage` is what one day cost.
    public let paid: RefundParts
    /// Whether base and congestion are held.
    public var isBaseHeld: Bool
    /// Whether postage is held.
    public var isPostageHeld: Bool
    /// What went back out of holds.
    public var returned: RefundParts
    /// What was captured and is owed, or came out of a stake. Storage counts without what a lower price gave.
    public var owed: RefundParts
    /// Storage that was given up.
    public var releases: [Release]
    /// Every outage of one of its days.
    public var outages: [PastOutage]

    /// Puts what was recorded together.
    public init(
        number: UInt64, acceptedAt: UInt64, expiryDay: UTCDay, paid: RefundParts, isBaseHeld: Bool,
        isPostageHeld: Bool, returned: RefundParts = RefundParts(), owed: RefundParts = RefundParts(),
        releases: [Release] = [], outages: [PastOutage] = []
    ) {
        self.number = number
        self.acceptedAt = acceptedAt
        self.expiryDay = expiryDay
        self.paid = paid
        self.isBaseHeld = isBaseHeld
        self.isPostageHeld = isPostageHeld
        self.returned = returned
        self.owed = owed
        self.releases = releases
        self.outages = outages
    }

    /// The history of a charge on which nothing was decided yet.
    public init(_ charge: Charge, acceptedAt time: UInt64, perDay: Amount) {
        self.init(
            number: charge.number, acceptedAt: time, expiryDay: charge.expiryDay,
            paid: RefundParts(
                base: charge.price.base, congestion: charge.price.congestion, storage: perDay,
                postage: charge.price.postage),
            isBaseHeld: true, isPostageHeld: charge.price.postage > .zero)
    }

    /// The day of acceptance: its midnights are those after it.
    public var firstDay: UTCDay { UTCDay(containing: acceptedAt) }

    /// What the midnight that begins `day` captured of it, or will, as the leaves below `index` have it.
    public func perDay(_ day: UTCDay, before index: UInt64 = .max) throws(AmountError) -> Amount {
        guard day > firstDay, day <= expiryDay else { return .zero }
        var price = paid.storage
        for release in releases where release.logIndex < index && (release.isPrice || day > release.fromDay) {
            price = price > release.perDay ? try price.subtracting(release.perDay) : .zero
        }
        return price
    }

    /// Where each unit is once the midnight that begins `midnight` was captured.
    public func standing(after midnight: UTCDay) throws(AmountError) -> ChargeStanding {
        let released = releases.filter { !$0.isPrice }.map(\.fromDay).min()
        let end = min(released ?? expiryDay, expiryDay)
        let captured = min(max(midnight, firstDay), max(end, firstDay))
        var storageReturned = owed.storage
        for past in outages where past.outage.day <= captured {
            storageReturned = try storageReturned.adding(
                try past.outage.part(of: try perDay(past.outage.day, before: past.logIndex)))
        }
        var perDay = paid.storage
        for release in releases where release.isPrice { perDay = try perDay.subtracting(release.perDay) }
        return ChargeStanding(
            base: try Self.part(paid.base, isBaseHeld, returned.base, owed.base),
            congestion: try Self.part(paid.congestion, isBaseHeld, returned.congestion, owed.congestion),
            storage: ChargeStanding.Storage(
                perDay: perDay, capturedDays: UInt64(captured.number - firstDay.number),
                heldDays: released == nil && expiryDay > captured ? UInt64(expiryDay.number - captured.number) : 0,
                returned: storageReturned),
            postage: try Self.part(paid.postage, isPostageHeld, returned.postage, owed.postage))
    }

    private static func part(
        _ paid: Amount, _ isHeld: Bool, _ returned: Amount, _ owed: Amount
    ) throws(AmountError) -> ChargeStanding.Part {
        let returned = try returned.adding(owed)
        return ChargeStanding.Part(
            paid: paid, held: isHeld ? try paid.subtracting(returned) : .zero, returned: returned)
    }
}
