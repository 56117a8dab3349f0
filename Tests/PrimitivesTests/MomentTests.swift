import Primitives
import Testing

@Suite struct MomentTests {
    @Test func `a sum beyond 2^64 - 1 is 2^64 - 1, and every other sum is exact`() {
        let last = UInt64.max
        for (a, b, sum): (UInt64, UInt64, UInt64) in [
            (0, 0, 0), (1, 2, 3), (last - 5, 4, last - 1), (last - 5, 5, last), (last - 5, 6, last), (last, 0, last),
            (last, 1, last), (last, last, last),
        ] {
            #expect(a.addingClamped(b) == sum, "\(a) + \(b)")
            #expect(b.addingClamped(a) == sum, "\(b) + \(a)")
        }
    }
}
