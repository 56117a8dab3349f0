public import Primitives

/// What a charge paid, and where each unit of it is: what refunds are decided from.
public struct ChargeStanding: Hashable, Sendable {
    /// A part that is decided as a whole: base, congestion or postage.
    public struct Part: Hashable, Sendable {
        /// What was charged.
        public let paid: Amount
        /// What of it is still held.
        public private(set) var held: Amount
        /// What of it went back, or is owed.
        public private(set) var returned: Amount

        /// Makes a part; `held` + `returned` is at most `paid`, and the rest was captured.
        public init(paid: Amount, held: Amount, returned: Amount = .zero) {
            precondition(held <= paid && returned.units <= paid.units - held.units, "no part gives more than it got")
            self.paid = paid
            self.held = held
            self.returned = returned
        }

        /// What was captured and did not go back.
        public var captured: Amount { Amount(paid.units - held.units - returned.units) }

        /// Takes at most `amount`, first of what is held.
        mutating func take(_ amount: Amount) -> (fromHold: Amount, fromPool: Amount) {
            let hold = min(amount, held)
            let pool = min(Amount(amount.units - hold.units), captured)
            held = Amount(held.units - hold.units)
            returned = Amount(returned.units + hold.units + pool.units)
            return (hold, pool)
        }

        /// What is held is captured.
        mutating func spend() { held = .zero }

        /// Takes all that was captured.
        mutating func takeCaptured() -> Amount {
            let captured = captured
            returned = Amount(returned.units + captured.units)
            return captured
        }
    }

    /// Storage, which is captured a day at a time.
    public struct Storage: Hashable, Sendable {
        /// What one day costs, without what was given up of it.
        public private(set) var perDay: Amount
        /// Days that were captured.
        public let capturedDays: UInt64
        /// Days to come that are held.
        public private(set) var heldDays: UInt64
        /// What was captured and has gone back, or is owed.
        public private(set) var returned: Amount

        /// Makes it; `returned` counts only what was captured before.
        public init(perDay: Amount, capturedDays: UInt64, heldDays: UInt64, returned: Amount = .zero) {
            self.perDay = perDay
            self.capturedDays = capturedDays
            self.heldDays = heldDays
            self.returned = returned
        }

        /// What is held.
        public func held() throws(AmountError) -> Amount { try perDay.times(heldDays) }

        /// What was captured and did not go back.
        public func captured() throws(AmountError) -> Amount {
            let all = try perDay.times(capturedDays)
            return all > returned ? try all.subtracting(returned) : .zero
        }

        /// Gives up the days to come.
        mutating func releaseDays() throws(AmountError) -> Amount {
            let held = try held()
            heldDays = 0
            return held
        }

        /// Gives up some of each day's price, of days past and to come.
        mutating func release(perDay excess: Amount) throws(AmountError) -> (fromHold: Amount, fromPool: Amount) {
            let excess = min(excess, perDay)
            let pool = min(try excess.times(capturedDays), try captured())
            let hold = try excess.times(heldDays)
            perDay = try perDay.subtracting(excess)
            return (hold, pool)
        }

        /// Gives back what was captured.
        mutating func returnCaptured() throws(AmountError) -> Amount {
            let captured = try captured()
            returned = try returned.adding(captured)
            return captured
        }
    }

    /// The base fee.
    public var base: Part
    /// The congestion fee.
    public var congestion: Part
    /// Storage.
    public var storage: Storage
    /// Postage.
    public var postage: Part

    /// Puts the parts together.
    public init(base: Part, congestion: Part, storage: Storage, postage: Part) {
        self.base = base
        self.congestion = congestion
        self.storage = storage
        self.postage = postage
    }

    /// What is held of all parts.
    public func held() throws(AmountError) -> Amount {
        try Amount.sum([base.held, congestion.held, try storage.held(), postage.held])
    }

    /// What was captured of all parts and did not go back.
    public func captured() throws(AmountError) -> Amount {
        try Amount.sum([base.captured, congestion.captured, try storage.captured(), postage.captured])
    }
}
