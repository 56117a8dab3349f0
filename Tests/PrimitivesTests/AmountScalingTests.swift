import Primitives
import Testing

@Suite struct AmountScalingTests {
    /// ⌊a × b ÷ c⌋ by the slow way; `nil` where it is 2^128 or more.
    private static func reference(_ a: UInt128, _ b: UInt128, _ c: UInt128) -> UInt128? {
        BigNatural(a).times(BigNatural(b)).divided(by: BigNatural(c)).value
    }

    private static func check(_ a: UInt128, _ b: UInt128, _ c: UInt128, _ about: Comment) {
        do throws(AmountError) {
            let scaled = try Amount(a).scaledRoundingDown(by: b, over: c)
            #expect(scaled.units == reference(a, b, c), about)
        } catch {
            #expect(error == .overflow, about)
            #expect(reference(a, b, c) == nil, about)
        }
    }

    @Test func `the slow numbers count as a child does`() {
        #expect(BigNatural(12).times(BigNatural(34)).value == 408)
        #expect(BigNatural(408).divided(by: BigNatural(34)).value == 12)
        #expect(BigNatural(440).divided(by: BigNatural(34)).value == 12)
        #expect(BigNatural(.max).times(BigNatural(.max)).value == nil)
        #expect(BigNatural(.max).times(BigNatural(.max)).divided(by: BigNatural(.max)).value == .max)
    }

    @Test func `products of 256 bits are exact over random numbers of every size`() {
        let seed: UInt64 = 256
        var generator = SplitMix64(seed: seed)
        func number() -> UInt128 {
            let wide = UInt128(generator.next()) << 64 | UInt128(generator.next())
            return wide >> UInt128.random(in: 0...127, using: &generator)
        }
        for round in 0..<400 {
            let (a, b, c) = (number(), number(), max(1, number()))
            Self.check(a, b, c, "seed \(seed), round \(round): \(a) × \(b) ÷ \(c)")
        }
    }

    @Test func `results at 2^128 - 1 fit, and those at 2^128 do not`() throws {
        let top = UInt128.max
        #expect(try Amount.max.scaledRoundingDown(by: top, over: top) == .max)
        #expect(throws: AmountError.overflow) { try Amount.max.scaledRoundingDown(by: top, over: top - 1) }
        #expect(throws: AmountError.overflow) { try Amount.max.scaledRoundingDown(by: 2, over: 1) }
        #expect(try Amount.max.scaledRoundingDown(by: 1, over: 1) == .max)
        #expect(try Amount(1 << 127).scaledRoundingDown(by: 3, over: 2).units == 3 << 126)
        #expect(throws: AmountError.overflow) { try Amount(1 << 127).scaledRoundingDown(by: 2, over: 1) }
        let edges = [0, 1, 2, UInt128(1) << 63, UInt128(1) << 64, (UInt128(1) << 64) + 1, top / 2, top - 1, top]
        for a in edges {
            for b in edges {
                for c in edges where c > 0 { Self.check(a, b, c, "\(a) × \(b) ÷ \(c)") }
            }
        }
    }
}
