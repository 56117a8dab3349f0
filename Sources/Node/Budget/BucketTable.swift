/// Token buckets by key, in bounded memory.
///
/// A bucket that is full again is as good as none and may go. Where there are as many others as fit, whoever comes new shares
/// one bucket with all that come new: names without number gain nothing, and who is known keeps the own bucket.
public struct BucketTable<Key: Hashable & Sendable>: Sendable {
    /// How long after a search for full buckets the next one begins, so that many new keys do not cost a search each.
    private static var pause: Duration { .seconds(1) }

    private let rate: BudgetRate
    private let capacity: Int
    private var buckets: [Key: TokenBucket] = [:]
    private var crowd = TokenBucket()
    private var nextSearch = Duration.zero

    /// Makes a table of at most `capacity` buckets.
    public init(rate: BudgetRate, capacity: Int) {
        self.rate = rate
        self.capacity = max(1, capacity)
    }

    /// How many keys have a bucket of their own.
    public var count: Int { buckets.count }

    /// Takes tokens from a key's bucket, as ``TokenBucket/take(_:at:rate:)``.
    public mutating func take(_ count: UInt32, of key: Key, at now: Duration) -> Duration? {
        change(key, at: now) { $0.take(count, at: now, rate: $1) }
    }

    /// Takes tokens that a key used up already.
    public mutating func spend(_ count: UInt32, of key: Key, at now: Duration) {
        change(key, at: now) { $0.spend(count, at: now, rate: $1) }
    }

    /// Whether a key's bucket is empty; nothing changes.
    public func isEmpty(_ key: Key, at now: Duration) -> Bool {
        let bucket = buckets[key] ?? (buckets.count < capacity ? TokenBucket() : crowd)
        return bucket.isEmpty(at: now, rate: rate)
    }

    private mutating func change<Result>(
        _ key: Key, at now: Duration, _ body: (inout TokenBucket, BudgetRate) -> Result
    ) -> Result {
        if buckets[key] == nil, buckets.count >= capacity { search(at: now) }
        guard buckets[key] != nil || buckets.count < capacity else { return body(&crowd, rate) }
        return body(&buckets[key, default: TokenBucket()], rate)
    }

    private mutating func search(at now: Duration) {
        guard now >= nextSearch else { return }
        nextSearch = now + Self.pause
        buckets = buckets.filter { !$0.value.isFull(at: now) }
    }
}
