/// Weighted rendezvous hashing: which of some candidates stand for a key, each with a chance in proportion to its weight.
///
/// A candidate's cost is −log2 of a uniform number that key and candidate hash to, divided by its weight; the smallest costs win
/// (C. Schindelhauer, G. Schomaker: Weighted Distributed Hash Tables, SPAA 2005, with logarithms). Who comes or goes moves only what it
/// stands for itself. Everything is integers: the same order on every machine.
public enum WeightedRendezvous {
    /// One that may stand for a key.
    public struct Candidate: Hashable, Sendable {
        /// Its number, unique among the candidates.
        public let number: UInt32
        /// Its weight, any unit.
        public let weight: Amount

        /// Makes a candidate.
        public init(number: UInt32, weight: Amount) {
            self.number = number
            self.weight = weight
        }
    }

    /// The fractional bits of a cost.
    private static let fractionBits: UInt64 = 32

    /// The candidates in the order in which they stand for `key`, the first `count` of them.
    ///
    /// Weights count with the 32 highest bits that the largest has, at least 1, so that none is too small to be chosen.
    public static func first(_ count: Int, of candidates: [Candidate], for key: Bytes32) -> [UInt32] {
        let largest = candidates.map(\.weight.units).max() ?? 0
        let shift = max(0, UInt128.bitWidth - largest.leadingZeroBitCount - 32)
        let costs = candidates.map { candidate in
            (
                number: candidate.number, weight: UInt128(max(1, candidate.weight.units >> shift)),
                cost: UInt128(cost(of: hash(key: key, number: candidate.number)))
            )
        }
        let order = costs.sorted { a, b in
            let (left, right) = (a.cost * b.weight, b.cost * a.weight)
            return left == right ? a.number < b.number : left < right
        }
        return order.prefix(count).map(\.number)
    }

    /// The first eight bytes of SHA-256 of `tagged "feesvc/rendezvous/1": b32 key, u32 number`.
    static func hash(key: Bytes32, number: UInt32) -> UInt64 {
        var encoder = CanonicalEncoder(tag: "feesvc/rendezvous/1")
        encoder.append(key)
        encoder.append(number)
        return SHA256.hash(encoder.bytes).prefix
    }

    /// 64 − log2 of a number, at least 1, in units of 2^−32; each bit of the logarithm by squaring, rounded down.
    static func cost(of hash: UInt64) -> UInt64 {
        let number = max(hash, 1)
        let whole = UInt64(63 - number.leadingZeroBitCount)
        // In 1 ..< 2, with 63 fractional bits.
        var mantissa = number << UInt64(number.leadingZeroBitCount)
        var fraction: UInt64 = 0
        for _ in 0..<fractionBits {
            let (high, low) = mantissa.multipliedFullWidth(by: mantissa)
            let isTwoOrMore = high >> 63 == 1
            mantissa = isTwoOrMore ? high : high << 1 | low >> 63
            fraction = fraction << 1 | (isTwoOrMore ? 1 : 0)
        }
        return 64 << fractionBits - (whole << fractionBits | fraction)
    }
}
