import Testing

@testable import Primitives

@Suite struct WeightedRendezvousTests {
    private static func key(_ number: UInt64) -> Bytes32 {
        SHA256.hash((0..<8).map { UInt8(number >> ($0 * 8) & 255) })
    }

    @Test func `costs are those that another program computes, by squaring and from logarithms`() throws {
        for vector in try Vector.file(.shards)["costs"].list {
            let hash = try #require(UInt64(try vector["hash"].text))
            #expect(WeightedRendezvous.cost(of: hash) == UInt64(try vector["cost"].text), "\(hash)")
        }
    }

    @Test func `a larger number never costs more`() {
        var generator = SplitMix64(seed: 1)
        for _ in 0..<2_000 {
            let hash =
                UInt64.random(in: 1..<UInt64.max, using: &generator) >> UInt64.random(in: 0...62, using: &generator)
            #expect(WeightedRendezvous.cost(of: hash) >= WeightedRendezvous.cost(of: hash + 1), "\(hash)")
        }
    }

    @Test func `who goes moves only what it stood for, who comes only what it stands for`() {
        let all = (1...9 as ClosedRange<UInt32>).map {
            WeightedRendezvous.Candidate(number: $0, weight: Amount(UInt128($0) * 1_000))
        }
        for number in 0..<500 as Range<UInt64> {
            let before = WeightedRendezvous.first(9, of: all, for: Self.key(number))
            #expect(Set(before) == Set(1...9))
            for gone in all {
                let after = WeightedRendezvous.first(8, of: all.filter { $0 != gone }, for: Self.key(number))
                #expect(after == before.filter { $0 != gone.number })
            }
        }
    }

    @Test func `each stands first for as many keys as its weight says, within five deviations`() {
        let weights: [UInt64] = [1, 2, 3, 10]
        let candidates = weights.enumerated().map {
            WeightedRendezvous.Candidate(number: UInt32($0.offset), weight: Amount(UInt128($0.element) << 60))
        }
        let keys: UInt64 = 8_000
        var counts: [UInt32: UInt64] = [:]
        for number in 0..<keys {
            for first in WeightedRendezvous.first(1, of: candidates, for: Self.key(number)) {
                counts[first, default: 0] += 1
            }
        }
        for (place, weight) in weights.enumerated() {
            let expected = keys * weight / 16
            let count = counts[UInt32(place)] ?? 0
            let off = max(count, expected) - min(count, expected)
            // The variance of a count is expected × (1 − weight ÷ 16).
            #expect(off * off * 16 <= 25 * expected * (16 - weight), "\(place): \(count) of \(expected)")
        }
    }

    @Test func `without weights everybody stands alike, and order of the candidates says nothing`() {
        let candidates = (0..<5 as Range<UInt32>).map { WeightedRendezvous.Candidate(number: $0, weight: .zero) }
        var firsts: Set<UInt32> = []
        for number in 0..<100 as Range<UInt64> {
            let order = WeightedRendezvous.first(3, of: candidates, for: Self.key(number))
            #expect(order == WeightedRendezvous.first(3, of: candidates.reversed(), for: Self.key(number)))
            firsts.formUnion(order.prefix(1))
        }
        #expect(firsts == Set(0..<5))
    }
}
