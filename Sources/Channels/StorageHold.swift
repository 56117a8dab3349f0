public import Primitives

/// What is held for storage, gathered by expiry day: the form in which it is captured midnight by midnight.
///
/// Each UTC midnight after a message's acceptance, up to and including the one that begins its expiry day, captures
/// one day's bytes × rate.
public struct StorageHolds: Hashable, Sendable {
    /// For each expiry day, what one day of all its bytes costs.
    public private(set) var daily: [UTCDay: Amount]

    /// Starts from what is held.
    public init(daily: [UTCDay: Amount] = [:]) {
        self.daily = daily.filter { $0.value > .zero }
    }

    /// Holds storage for a message that was accepted before the next midnight.
    public mutating func hold(perDay: Amount, until expiry: UTCDay) throws(AmountError) {
        guard perDay > .zero else { return }
        daily[expiry] = try (daily[expiry] ?? .zero).adding(perDay)
    }

    /// Lets go of a message's storage.
    public mutating func release(perDay: Amount, until expiry: UTCDay) throws(AmountError) {
        let rest = try (daily[expiry] ?? .zero).subtracting(perDay)
        daily[expiry] = rest > .zero ? rest : nil
    }

    /// Captures the midnight that begins `day` and forgets what expired with it.
    public mutating func capture(_ day: UTCDay) throws(AmountError) -> Amount {
        let due = try Amount.sum(daily.filter { $0.key >= day }.values)
        daily = daily.filter { $0.key > day }
        return due
    }

    /// What is held once the midnight that begins `day` was captured.
    public func held(after day: UTCDay) throws(AmountError) -> Amount {
        var total = Amount.zero
        for (expiry, perDay) in daily where expiry > day {
            total = try total.adding(try perDay.times(UInt64(expiry.number - day.number)))
        }
        return total
    }
}

extension Charge {
    /// What one day of its storage costs: the storage fee divided by its days, exact by construction.
    public func storagePerDay(acceptedAt time: UInt64) throws(AmountError) -> Amount {
        let days = expiryDay.number - min(expiryDay.number, UTCDay(containing: time).number)
        guard days > 0 else { return .zero }
        return try price.storage.dividedRoundingDown(by: UInt128(days))
    }

    /// What is left of its storage fee once the midnight that begins `day` was captured.
    public func unspentStorage(acceptedAt time: UInt64, after day: UTCDay) throws(AmountError) -> Amount {
        guard expiryDay > day else { return .zero }
        return try storagePerDay(acceptedAt: time).times(UInt64(expiryDay.number - day.number))
    }
}
