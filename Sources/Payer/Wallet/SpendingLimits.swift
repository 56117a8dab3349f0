public import Primitives

/// What its owner lets a wallet spend from one channel. A limit that is `nil` does not hold.
public struct SpendingLimits: Codable, Hashable, Sendable {
    /// The most that one message may cost, postage included.
    public var perMessage: Amount?
    /// The most that may be spent on one UTC day.
    public var perDay: Amount?
    /// Below this the owner is warned.
    public var lowBalance: Amount?
    /// How the channel is topped up by itself.
    public var topUp: TopUpRule?

    /// Makes limits.
    public init(
        perMessage: Amount? = nil, perDay: Amount? = nil, lowBalance: Amount? = nil, topUp: TopUpRule? = nil
    ) {
        self.perMessage = perMessage
        self.perDay = perDay
        self.lowBalance = lowBalance
        self.topUp = topUp
    }

    /// Tells whether messages at these highest prices may be paid on a day of which `today` has been spent, and what will
    /// then have been spent.
    public func admit(_ maxFees: [Amount], today: DayTotal) throws(LimitRefusal) -> DayTotal {
        if let perMessage, let dear = maxFees.first(where: { $0 > perMessage }) {
            throw .perMessage(asked: dear, limit: perMessage)
        }
        let after: DayTotal
        let asked: Amount
        do {
            asked = try Amount.sum(maxFees)
            after = DayTotal(day: today.day, amount: try today.amount.adding(asked))
        } catch {
            throw .overflow
        }
        if let perDay, after.amount > perDay {
            throw .perDay(asked: asked, spent: today.amount, limit: perDay, day: today.day)
        }
        return after
    }

    /// What may still be spent on the day of `today`; `nil` where no limit holds.
    public func remaining(_ today: DayTotal) -> Amount? {
        perDay.map { (try? $0.subtracting(today.amount)) ?? .zero }
    }
}

/// How a channel is topped up by itself when a message finds too little in it.
public struct TopUpRule: Codable, Hashable, Sendable {
    /// How much at a time, or what is lacking where that is more.
    public let amount: Amount
    /// The most on one UTC day.
    public let perDay: Amount

    /// Makes a rule.
    public init(amount: Amount, perDay: Amount) {
        self.amount = amount
        self.perDay = perDay
    }

    /// How much to top up where `lacking` is missing and `today` has been topped up; what is lacking above what the day
    /// leaves is refused, the rest of the amount only shortened.
    public func amount(lacking: Amount, today: DayTotal) throws(LimitRefusal) -> Amount {
        let left = (try? perDay.subtracting(today.amount)) ?? .zero
        guard lacking <= left else {
            throw .topUp(asked: lacking, spent: today.amount, limit: perDay, day: today.day)
        }
        return min(max(amount, lacking), left)
    }
}

/// Money that moved on one UTC day, the newest on which any did.
public struct DayTotal: Hashable, Sendable {
    /// The day.
    public let day: UTCDay
    /// How much.
    public let amount: Amount

    /// Makes a total.
    public init(day: UTCDay = UTCDay(number: 0), amount: Amount = .zero) {
        self.day = day
        self.amount = amount
    }

    /// The total as it stands on `day`: nothing yet on a later one. A clock that went back opens no second day's allowance:
    /// what is spent before the newest day counts to that.
    public func on(_ day: UTCDay) -> DayTotal { day > self.day ? DayTotal(day: day) : self }

    /// Takes back what was counted on `day` and did not move after all.
    public func returning(_ amount: Amount, countedOn day: UTCDay) -> DayTotal {
        guard day == self.day else { return self }
        return DayTotal(day: day, amount: (try? self.amount.subtracting(amount)) ?? .zero)
    }
}

/// Which limit stands against a payment.
public enum LimitRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    /// A message may cost more than one message may.
    case perMessage(asked: Amount, limit: Amount)
    /// The day's limit would be passed.
    case perDay(asked: Amount, spent: Amount, limit: Amount, day: UTCDay)
    /// The day's limit of automatic top-ups would be passed.
    case topUp(asked: Amount, spent: Amount, limit: Amount, day: UTCDay)
    /// More than 2^128 − 1 is asked for.
    case overflow

    /// One sentence for a person.
    public var description: String {
        switch self {
        case .perMessage(let asked, let limit):
            "The message may cost \(asked) units; this wallet's limit for one message is \(limit)."
        case .perDay(let asked, let spent, let limit, let day):
            "\(asked) units would pass this wallet's limit for \(day): \(spent) of \(limit) are spent or on their way."
        case .topUp(let asked, let spent, let limit, let day):
            "\(asked) units would pass this wallet's limit of automatic top-ups for \(day): \(spent) of \(limit) are used."
        case .overflow: "More than 2^128 - 1 units are asked for."
        }
    }
}
