/// How much somebody may ask for: a rate, and how much of it may be saved up.
public struct BudgetRate: Hashable, Sendable {
    /// Tokens that come in a second, from 1.
    public let perSecond: UInt32
    /// The most tokens that a bucket holds, from 1.
    public let burst: UInt32

    /// Makes a rate; zeros count as one.
    public init(perSecond: UInt32, burst: UInt32) {
        self.perSecond = max(1, perSecond)
        self.burst = max(1, burst)
    }

    /// The time in which one token comes.
    var interval: Duration { .seconds(1) / Int(perSecond) }
    /// The time in which an empty bucket fills up.
    var span: Duration { interval * Int(burst) }
}

/// A token bucket, kept as the one moment at which it is full again (the generic cell rate algorithm, ITU-T I.371, annex A).
///
/// Time comes in as an argument, counted from any fixed moment, and never goes back; a bucket made anew is full.
public struct TokenBucket: Hashable, Sendable {
    private var fullAt = Duration.zero

    /// Makes a full bucket.
    public init() {}

    /// Takes tokens; returns `nil` where they were there, and otherwise takes none and says after how long they will be.
    ///
    /// Whoever asks for more than a bucket holds needs a full one.
    public mutating func take(_ count: UInt32, at now: Duration, rate: BudgetRate) -> Duration? {
        let next = max(fullAt, now) + rate.interval * Int(min(count, rate.burst))
        guard next - now <= rate.span else { return next - now - rate.span }
        fullAt = next
        return nil
    }

    /// Takes tokens that were used up already, whether they are there or not; never more than to the bottom.
    public mutating func spend(_ count: UInt32, at now: Duration, rate: BudgetRate) {
        fullAt = min(max(fullAt, now) + rate.interval * Int(min(count, rate.burst)), now + rate.span)
    }

    /// Whether not one token is there.
    public func isEmpty(at now: Duration, rate: BudgetRate) -> Bool {
        var copy = self
        return copy.take(1, at: now, rate: rate) != nil
    }

    /// Whether it is full, and so as good as one that was never used.
    func isFull(at now: Duration) -> Bool { fullAt <= now }
}
