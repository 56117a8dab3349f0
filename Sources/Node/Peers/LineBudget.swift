/// How many lines of one kind are logged: some at once, then one each so often. What somebody can make a node do as often as they like
/// does not fill its log.
struct LineBudget: Sendable {
    private let most: Int
    private let period: Duration
    private var left: Int
    private var refilled: ContinuousClock.Instant?
    private var leftOut: UInt64 = 0

    /// `most` lines at once, then one a `period`.
    init(most: Int = 4, period: Duration = .seconds(60)) {
        self.most = most
        self.period = period
        left = most
    }

    /// Asks for a line: how many were left out since the last one, or `nil` where this one is left out too.
    mutating func take(now: ContinuousClock.Instant = .now) -> UInt64? {
        let since = refilled ?? now
        let periods = Int(clamping: Int64((now - since).seconds / period.seconds))
        if periods > 0 { left = min(most, left + min(most, periods)) }
        if periods > 0 || refilled == nil { refilled = now }
        guard left > 0 else {
            leftOut += 1
            return nil
        }
        left -= 1
        defer { leftOut = 0 }
        return leftOut
    }
}
