import Channels
import Primitives
import Testing

@Suite struct ChargeRateTests {
    /// A charge leaf of the vectors, with what a count over the whole log before it found.
    private struct Leaf {
        let time: UInt64
        let counts: MinuteCounts
        let units: UInt8

        init(_ vector: Vector) throws {
            let numbers = try vector.list.map { try $0.u64 }
            time = numbers[0]
            counts = MinuteCounts(m0: numbers[1], m1: numbers[2], m2: numbers[3], m3: numbers[4], m4: numbers[5])
            units = try #require(UInt8(exactly: numbers[6]))
        }
    }

    private static func logs() throws -> [(target: UInt32, leaves: [Leaf])] {
        try Vector.file(.congestion)["logs"].list.map { log in
            (try log["target"].u32, try log["charges"].list.map { try Leaf($0) })
        }
    }

    @Test func `each charge of a log has the units of the charges before it`() throws {
        let logs = try Self.logs()
        #expect(logs.map(\.leaves.count) == [675, 653, 1_064])
        for (target, leaves) in logs {
            var rate = ChargeRate()
            for (index, leaf) in leaves.enumerated() {
                let counts = try rate.counts(at: leaf.time)
                #expect(counts == leaf.counts, "charge \(index)")
                #expect(Congestion.units(perMinute: counts, target: target) == leaf.units, "charge \(index)")
                try rate.count(at: leaf.time)
            }
        }
    }

    @Test func `charges of the last five minutes are enough to go on from any place in a log`() throws {
        for (_, leaves) in try Self.logs() {
            for index in leaves.indices {
                let leaf = leaves[index]
                var rate = ChargeRate()
                for earlier in leaves[..<index] where earlier.time / 60 + 4 >= leaf.time / 60 {
                    try rate.count(at: earlier.time)
                }
                #expect(try rate.counts(at: leaf.time) == leaf.counts, "charge \(index)")
            }
        }
    }

    @Test func `what was counted can be kept and gone on with`() throws {
        var rate = ChargeRate()
        for (time, charges): (UInt64, UInt64) in [(600, 3), (661, 4), (720, 5)] { try rate.count(charges, at: time) }
        #expect(rate.minute == 12)
        #expect(rate.newest == MinuteCounts(m0: 5, m1: 4, m2: 3))
        #expect(ChargeRate(minute: rate.minute, newest: rate.newest) == rate)
    }

    @Test func `minutes move on with log time and are forgotten after five`() throws {
        let rate = ChargeRate(minute: 10, newest: MinuteCounts(m0: 1, m1: 2, m2: 3, m3: 4, m4: 5))
        for (time, expected): (UInt64, MinuteCounts) in [
            (600, MinuteCounts(m0: 1, m1: 2, m2: 3, m3: 4, m4: 5)),
            (659, MinuteCounts(m0: 1, m1: 2, m2: 3, m3: 4, m4: 5)),
            (660, MinuteCounts(m1: 1, m2: 2, m3: 3, m4: 4)),
            (720, MinuteCounts(m2: 1, m3: 2, m4: 3)),
            (780, MinuteCounts(m3: 1, m4: 2)),
            (899, MinuteCounts(m4: 1)),
            (900, MinuteCounts()),
            (960, MinuteCounts()),
            (.max, MinuteCounts()),
        ] {
            #expect(try rate.counts(at: time) == expected, "\(time)")
        }
    }

    @Test func `many charges of one time count as one by one`() throws {
        var (once, each) = (ChargeRate(), ChargeRate())
        for (time, charges): (UInt64, UInt64) in [(59, 7), (60, 0), (61, 2), (400, 9)] {
            try once.count(charges, at: time)
            for _ in 0..<charges { try each.count(at: time) }
            #expect(try once.counts(at: time) == each.counts(at: time), "\(time)")
        }
    }

    @Test func `an earlier minute is refused and changes nothing`() throws {
        var rate = ChargeRate()
        try rate.count(at: 660)
        try rate.count(at: 719)
        try rate.count(at: 660)
        let before = rate
        #expect(throws: ChargeRateError.minute(found: 10, newest: 11)) { try rate.counts(at: 659) }
        #expect(throws: ChargeRateError.minute(found: 0, newest: 11)) { try rate.count(at: 0) }
        #expect(rate == before)
        #expect(try rate.counts(at: 660).m0 == 3)
    }

    @Test func `a count stays at its largest value`() throws {
        var rate = ChargeRate()
        try rate.count(.max - 1, at: 0)
        try rate.count(at: 0)
        #expect(try rate.counts(at: 0).m0 == .max)
        try rate.count(at: 0)
        #expect(try rate.counts(at: 0).m0 == .max)
    }
}
