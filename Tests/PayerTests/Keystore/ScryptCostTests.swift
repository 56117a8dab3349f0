import Payer
import Testing

@Suite struct ScryptCostTests {
    private func refusal(_ n: UInt64, _ r: UInt64, _ p: UInt64) -> ScryptCost.Refusal? {
        do throws(ScryptCost.Refusal) {
            let cost = try ScryptCost(n: n, r: r, p: p)
            #expect((cost.n, cost.r, cost.p) == (n, r, p))
            return nil
        } catch {
            return error
        }
    }

    @Test func `n is a power of two in 2 … 2^20`() {
        for power in 1...20 { #expect(refusal(1 << UInt64(power), 1, 1) == nil, "2^\(power)") }
        for n: UInt64 in [0, 1, 3, 1 << 20 - 1, 1 << 20 + 1, 1 << 21, 1 << 63, .max] {
            #expect(refusal(n, 1, 1) == .n, "\(n)")
        }
    }

    @Test func `r and p are at least 1`() {
        #expect(refusal(2, 0, 1) == .r)
        #expect(refusal(2, 1, 0) == .p)
        #expect(refusal(2, 1, 1) == nil)
    }

    @Test func `128 · n · r · p is at most 512 MiB, and no product overflows`() {
        let largest: [(UInt64, UInt64, UInt64)] = [
            (1_048_576, 4, 1), (1_048_576, 1, 4), (1_048_576, 2, 2), (262_144, 8, 2), (2, 1, 2_097_152),
            (2, 2_097_152, 1),
            (1_024, 64, 64),
        ]
        for (n, r, p) in largest {
            #expect(refusal(n, r, p) == nil, "\(n) \(r) \(p)")
            #expect(refusal(n, r + 1, p) == .product, "\(n) \(r + 1) \(p)")
            #expect(refusal(n, r, p + 1) == .product, "\(n) \(r) \(p + 1)")
        }
        let huge: [(UInt64, UInt64)] = [
            (.max, 1), (1, .max), (.max, .max), (1 << 63, 2), (2, 1 << 63), (1 << 32, 1 << 32), (1 << 59, 1 << 5),
        ]
        for (r, p) in huge {
            #expect(refusal(2, r, p) == .product, "\(r) \(p)")
        }
    }
}
