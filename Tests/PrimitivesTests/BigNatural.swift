/// A natural number as its bits, lowest first: schoolbook arithmetic, slow and without a machine multiplication.
struct BigNatural: Equatable {
    private(set) var bits: [Bool]

    init(_ value: UInt128) {
        bits = (0..<128).map { value >> UInt128($0) & 1 == 1 }
        trim()
    }

    private init(bits: [Bool]) {
        self.bits = bits
        trim()
    }

    private mutating func trim() {
        while bits.last == false { bits.removeLast() }
    }

    private static func isLess(_ a: BigNatural, _ b: BigNatural) -> Bool {
        guard a.bits.count == b.bits.count else { return a.bits.count < b.bits.count }
        for place in a.bits.indices.reversed() where a.bits[place] != b.bits[place] { return b.bits[place] }
        return false
    }

    private static func sum(_ a: BigNatural, _ b: BigNatural) -> BigNatural {
        var out: [Bool] = []
        var carry = 0
        for place in 0..<max(a.bits.count, b.bits.count) + 1 {
            let total = (a.bit(place) ? 1 : 0) + (b.bit(place) ? 1 : 0) + carry
            out.append(total & 1 == 1)
            carry = total >> 1
        }
        return BigNatural(bits: out)
    }

    /// a − b, for b ≤ a.
    private static func difference(_ a: BigNatural, _ b: BigNatural) -> BigNatural {
        var out: [Bool] = []
        var borrow = 0
        for place in a.bits.indices {
            let total = (a.bits[place] ? 1 : 0) - (b.bit(place) ? 1 : 0) - borrow
            out.append(total & 1 == 1)
            borrow = total < 0 ? 1 : 0
        }
        return BigNatural(bits: out)
    }

    private func bit(_ place: Int) -> Bool { place < bits.count && bits[place] }

    func times(_ other: BigNatural) -> BigNatural {
        var total = BigNatural(0)
        for place in other.bits.indices where other.bits[place] {
            total = Self.sum(total, BigNatural(bits: [Bool](repeating: false, count: place) + bits))
        }
        return total
    }

    /// The quotient without the remainder.
    func divided(by divisor: BigNatural) -> BigNatural {
        var quotient = [Bool](repeating: false, count: bits.count)
        var rest = BigNatural(0)
        for place in bits.indices.reversed() {
            rest = BigNatural(bits: [bits[place]] + rest.bits)
            if !Self.isLess(rest, divisor) {
                rest = Self.difference(rest, divisor)
                quotient[place] = true
            }
        }
        return BigNatural(bits: quotient)
    }

    /// The number, where it is below 2^128.
    var value: UInt128? {
        guard bits.count <= 128 else { return nil }
        return bits.reversed().reduce(0) { $0 << 1 | ($1 ? 1 : 0) }
    }
}
