import Channels
import Primitives
import Testing

@Suite struct DeliveryTests {
    @Test func `runs hold the numbers that they were made of, and read back`() throws {
        for seed in UInt64(1)...60 {
            var generator = SplitMix64(seed: seed)
            let odds = Int.random(in: 1...9, using: &generator)
            let numbers = Set(
                (UInt64(1)...300).filter { _ in Int.random(in: 0..<10, using: &generator) < odds })
            let runs = ChargeRuns(ascending: numbers.sorted())
            for number in UInt64(0)...302 {
                #expect(runs.contains(number) == numbers.contains(number), "seed \(seed), number \(number)")
            }
            for (run, next) in zip(runs.runs, runs.runs.dropFirst()) {
                #expect(run.first + run.count < next.first, "seed \(seed)")
            }
            #expect(runs.runs.reduce(0) { $0 + $1.count } == UInt64(numbers.count), "seed \(seed)")
            let list = Delivered(epoch: 4, node: 5, charges: runs)
            #expect(try Delivered(canonicalBytes: list.canonicalBytes) == list, "seed \(seed)")
        }
    }

    @Test func `no numbers are no runs, and neighbours are one`() {
        #expect(ChargeRuns(ascending: []).runs.isEmpty)
        #expect(!ChargeRuns(ascending: []).contains(0))
        #expect(ChargeRuns(ascending: [5]).runs.map(\.count) == [1])
        let runs = ChargeRuns(ascending: [1, 2, 3, 5, 6, 9])
        #expect(runs.runs.map(\.first) == [1, 5, 9])
        #expect(runs.runs.map(\.count) == [3, 2, 1])
        #expect(!runs.contains(.max))
    }

    private static func reports(_ count: Int, of charge: UInt64) -> [Delivered] {
        (0..<count).map {
            Delivered(epoch: 1, node: UInt32($0), charges: ChargeRuns(ascending: [charge]))
        }
    }

    /// The fewest reports that are more than half of the holders.
    private static let majorities = [1: 1, 2: 2, 3: 2, 4: 3, 5: 3, 6: 4, 7: 4, 10: 6, 11: 6]

    @Test func `an acknowledged charge is delivered by more than half of the holders, and not by half`() {
        for (holders, majority) in Self.majorities {
            for count in 0...holders {
                let found = DeliveryCut.isUndelivered(
                    charge: 8, holders: holders, reports: Self.reports(count, of: 8), isAcknowledged: true)
                #expect(found == (count < majority), "\(count) of \(holders)")
            }
        }
    }

    @Test func `reports of other charges do not count`() {
        let reports = Self.reports(4, of: 9) + Self.reports(2, of: 8)
        #expect(DeliveryCut.isUndelivered(charge: 8, holders: 5, reports: reports, isAcknowledged: true))
        #expect(!DeliveryCut.isUndelivered(charge: 9, holders: 5, reports: reports, isAcknowledged: true))
    }

    @Test func `what no node acknowledged is not refunded`() {
        for count in 0...3 {
            #expect(
                !DeliveryCut.isUndelivered(
                    charge: 8, holders: 3, reports: Self.reports(count, of: 8), isAcknowledged: false))
        }
    }
}
