import Primitives
import Testing

@testable import Node

@Suite struct IntervalSetTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func `an interval set is the set of what was inserted, in ranges that do not touch`(_ seed: UInt64) {
        var generator = SplitMix64(seed: seed)
        var set = IntervalSet()
        var model: Set<UInt64> = []
        for _ in 0..<200 {
            let value = UInt64.random(in: 0...80, using: &generator)
            let isNew = set.insert(value)
            #expect(isNew == model.insert(value).inserted)
        }
        for value in 0...90 as ClosedRange<UInt64> { #expect(set.contains(value) == model.contains(value)) }
        for (left, right) in zip(set.ranges, set.ranges.dropFirst()) { #expect(left.upperBound + 1 < right.lowerBound) }
        let missing = set.gaps(from: 1).flatMap { Array($0) }
        #expect(missing == (1...(model.max() ?? 1)).filter { !model.contains($0) })
    }

    @Test func `the largest number neither wraps nor traps`() {
        var set = IntervalSet()
        set.insert(UInt64.max)
        set.insert(0)
        set.insert(UInt64.max - 1)
        #expect(set.ranges == [0...0, (UInt64.max - 1)...UInt64.max])
        #expect(set.gaps(from: 0) == [1...(UInt64.max - 2)])
    }

    @Test func `a set that loses numbers, in any order, is the set that never had them`() {
        var generator = SplitMix64(seed: 4)
        for _ in 0..<50 {
            let numbers = Set((0..<60).map { _ in UInt64.random(in: 0...90, using: &generator) })
            let gone = Set(numbers.filter { _ in Bool.random(using: &generator) } + [200])
            var set = IntervalSet()
            for number in numbers { set.insert(number) }
            for number in gone.sorted().shuffled(using: &generator) {
                let isHeld = set.remove(number)
                #expect(isHeld == numbers.contains(number))
            }
            var expected = IntervalSet()
            for number in numbers.subtracting(gone) { expected.insert(number) }
            #expect(set == expected)
        }
    }

    @Test func `a chain knows its highest sequence and how many before it are missing`() {
        var chain = EventChain()
        #expect(chain.highest == 0 && chain.missing == 0)
        for sequence in [2, 3, 7, 8] as [UInt64] { chain.add(sequence) }
        #expect(chain.highest == 8 && chain.missing == 3)
        for sequence in 4...6 as ClosedRange<UInt64> { chain.add(sequence) }
        #expect(chain.highest == 8 && chain.missing == 0)
        let isNew = chain.add(5)
        #expect(!isNew)
    }
}
