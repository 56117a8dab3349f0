import Node
import Primitives
import Testing

@Suite struct TokenBucketTests {
    private let rate = BudgetRate(perSecond: 4, burst: 8)

    @Test func `a bucket gives its burst at once, then what comes in`() {
        var bucket = TokenBucket()
        for place in 0..<8 { #expect(bucket.take(1, at: .zero, rate: rate) == nil, "\(place)") }
        #expect(bucket.isEmpty(at: .zero, rate: rate))
        #expect(bucket.take(1, at: .zero, rate: rate) == .milliseconds(250))
        #expect(bucket.take(1, at: .milliseconds(249), rate: rate) == .milliseconds(1))
        #expect(bucket.take(1, at: .milliseconds(250), rate: rate) == nil)
        #expect(bucket.take(3, at: .milliseconds(250), rate: rate) == .milliseconds(750))
        #expect(bucket.take(3, at: .seconds(1), rate: rate) == nil)
        // However long it was quiet, it holds no more than its burst.
        #expect(bucket.take(8, at: .seconds(10_000), rate: rate) == nil)
        #expect(bucket.take(1, at: .seconds(10_000), rate: rate) == .milliseconds(250))
    }

    @Test func `whoever is refused loses nothing, and more than a burst needs a full bucket`() {
        var bucket = TokenBucket()
        #expect(bucket.take(5, at: .zero, rate: rate) == nil)
        for _ in 0..<100 { #expect(bucket.take(4, at: .zero, rate: rate) == .milliseconds(250)) }
        #expect(bucket.take(3, at: .zero, rate: rate) == nil)
        #expect(bucket.take(.max, at: .zero, rate: rate) == .seconds(2))
        #expect(bucket.take(.max, at: .milliseconds(1_999), rate: rate) == .milliseconds(1))
        #expect(bucket.take(.max, at: .seconds(2), rate: rate) == nil)
        #expect(bucket.isEmpty(at: .seconds(2), rate: rate))
    }

    @Test func `what was used up counts to the bottom and no further`() {
        var bucket = TokenBucket()
        for _ in 0..<1_000 { bucket.spend(.max, at: .zero, rate: rate) }
        #expect(bucket.take(1, at: .milliseconds(249), rate: rate) != nil)
        #expect(bucket.take(1, at: .milliseconds(250), rate: rate) == nil)
    }

    @Test(arguments: 1...20)
    func `in no time does anybody get more than the rate and a burst`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        let rate = BudgetRate(
            perSecond: UInt32.random(in: 1...1_000, using: &generator), burst: .random(in: 1...100, using: &generator))
        var bucket = TokenBucket()
        var now = Duration.zero
        var taken: [(at: Duration, count: Int)] = []
        for _ in 0..<400 {
            now += .microseconds(Int.random(in: 0...20_000, using: &generator))
            let count = UInt32.random(in: 1...rate.burst, using: &generator)
            guard let wait = bucket.take(count, at: now, rate: rate) else {
                taken.append((now, Int(count)))
                continue
            }
            // Exactly then they are there.
            var copy = bucket
            #expect(copy.take(count, at: now + wait, rate: rate) == nil)
            #expect(copy.take(1, at: now, rate: rate) != nil)
        }
        for (first, start) in taken.enumerated() {
            var sum = 0
            for end in taken[first...] {
                sum += end.count
                let most = Double(rate.burst) + (end.at - start.at) / .seconds(1) * Double(rate.perSecond)
                #expect(Double(sum) <= most + 0.001)
            }
        }
    }
}

@Suite struct BucketTableTests {
    private let rate = BudgetRate(perSecond: 1, burst: 2)

    @Test func `names without number fill no memory and gain nothing`() {
        var table = BucketTable<Int>(rate: rate, capacity: 16)
        let taken = (0..<100_000).count { table.take(1, of: $0, at: .zero) == nil }
        #expect(table.count == 16)
        // One token each for sixteen, and two for all the others together.
        #expect(taken == 18)
        // Who was known before keeps the own bucket.
        #expect(table.take(1, of: 3, at: .zero) == nil)
        #expect(table.take(1, of: 3, at: .zero) == .seconds(1))
        #expect(table.isEmpty(99, at: .zero) && table.isEmpty(3, at: .zero) && !table.isEmpty(4, at: .zero))
    }

    @Test func `full buckets make room`() {
        var table = BucketTable<Int>(rate: rate, capacity: 4)
        for key in 0..<4 { #expect(table.take(1, of: key, at: .zero) == nil) }
        for key in 4..<6 { #expect(table.take(1, of: key, at: .zero) == nil) }
        #expect(table.take(1, of: 7, at: .zero) != nil)
        #expect(table.take(2, of: 7, at: .seconds(2)) == nil)
        #expect(table.count == 1)
        #expect(table.take(1, of: 7, at: .seconds(2)) == .seconds(1))
    }

    @Test func `a key's bucket is its own`() {
        var table = BucketTable<Int>(rate: rate, capacity: 4)
        table.spend(9, of: 1, at: .zero)
        #expect(table.isEmpty(1, at: .zero) && !table.isEmpty(2, at: .zero))
        #expect(table.take(2, of: 2, at: .zero) == nil)
    }
}
