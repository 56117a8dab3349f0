import Channels
import Primitives
import Testing

@Suite struct CongestionTests {
    private static func units(_ rate: UInt64, target: UInt32) -> UInt8 {
        Congestion.units(perMinute: MinuteCounts(m0: rate), target: target)
    }

    @Test func `the table is the one that was made from the formula`() throws {
        let thresholds = try Vector.file(.congestion)["thresholds"].list.map { try $0.u64 }
        #expect(thresholds.count == 100)
        #expect(Congestion.thresholds == thresholds)
    }

    @Test func `each rate below, at and above the target and each threshold has its units`() throws {
        let targets = try Vector.file(.congestion)["rates"].list
        #expect(targets.count == 18)
        for vector in targets {
            let target = try vector["target"].u32
            for pair in try vector["units"].list.map({ try $0.list }) {
                let rate = try pair[0].u64
                #expect(Self.units(rate, target: target) == (try pair[1].u8), "\(rate) at \(target)")
            }
        }
    }

    @Test func `units are 0 up to the target, 7 at 1.1, 26 at 1.25 and 100 from 1.5 on`() {
        for (rate, expected): (UInt64, UInt8) in [
            (0, 0), (599, 0), (600, 0), (601, 0), (609, 0), (610, 1), (660, 7), (750, 26), (898, 98), (899, 99),
            (900, 100), (901, 100), (.max, 100),
        ] {
            #expect(Self.units(rate, target: 600) == expected, "\(rate)")
        }
    }

    @Test func `nothing overflows, and without a target there is no congestion`() {
        let full = MinuteCounts(m0: .max, m1: .max, m2: .max, m3: .max, m4: .max)
        #expect(full.rate == .max)
        #expect(Congestion.units(perMinute: full, target: .max) == 100)
        #expect(Congestion.units(perMinute: full, target: 1) == 100)
        #expect(Congestion.units(perMinute: full, target: 0) == 0)
        #expect(MinuteCounts(m2: .max, m3: .max, m4: .max).rate == 11_068_046_444_225_730_969)
    }

    @Test func `the rate is the largest of this minute, the last one and the weighted four`() throws {
        let vectors = try Vector.file(.congestion)["counts"].list
        #expect(vectors.count == 220)
        for vector in vectors {
            let m = try vector["counts"].list.map { try $0.u64 }
            let counts = MinuteCounts(m0: m[0], m1: m[1], m2: m[2], m3: m[3], m4: m[4])
            let units = Congestion.units(perMinute: counts, target: try vector["target"].u32)
            #expect(units == (try vector["units"].u8), "\(m)")
        }
    }

    @Test func `more charges never have fewer units, and a higher target never more`() {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<2_000 {
            let target = UInt32.random(in: 1...1_000_000, using: &generator)
            let rate = UInt64(target) + UInt64.random(in: 0...UInt64(target), using: &generator)
            let units = Self.units(rate, target: target)
            #expect(units <= Self.units(rate + 1, target: target), "\(rate) at \(target)")
            #expect(units >= Self.units(rate, target: target + 1), "\(rate) at \(target)")
        }
    }
}
