import Primitives

/// A sum of amounts as five counts of 10^32, 10^24, 10^16, 10^8 and 1 unit.
///
/// Sums of amounts leave 128 bits, and a spreadsheet's number holds 15 digits. Added place by place, without carry, they stay
/// exact in both: a place is below 10^8 for one amount, so that 9·10^7 of them add up to less than 2^53, where the
/// spreadsheet's numbers stop being exact, and 9·10^10 of them to less than 2^63.
struct AmountParts: Hashable, Sendable {
    /// Places, the highest first.
    static let count = 5
    /// What a place counts, in units of the place below.
    static let base: Int64 = 100_000_000

    // Eight lanes of which five are used: the next size that addition in one step has.
    private var places: SIMD8<Int64> = .zero

    static let zero = AmountParts()

    private init() {}

    /// An amount; negative where it is subtracted.
    init(_ amount: Amount, isNegative: Bool = false) {
        var rest = amount.units
        let base = UInt128(Self.base)
        var place = 0
        while rest >= base {
            let (quotient, digits) = rest.quotientAndRemainder(dividingBy: base)
            places[place] = Int64(digits)
            rest = quotient
            place += 1
        }
        places[place] = Int64(rest)
        if isNegative { places = 0 &- places }
    }

    /// The count at a place, 0 the highest.
    subscript(place: Int) -> Int64 { places[Self.count - 1 - place] }

    static func += (a: inout AmountParts, b: AmountParts) { a.places &+= b.places }
    static func -= (a: inout AmountParts, b: AmountParts) { a.places &-= b.places }

    /// Tells whether the sum is zero, however the places carry.
    var isZero: Bool { carried.places == .zero && carried.top == 0 }

    /// Base-10 digits, with a minus sign where the sum is below zero.
    var decimal: String {
        var (places, top) = carried
        let isNegative = top < 0
        if isNegative {
            // Every place is 0 ..< base after the carry; only the top has a sign.
            var negated = AmountParts()
            negated.places = 0 &- self.places
            (places, top) = negated.carried
        }
        var digits = String(top)
        for place in stride(from: Self.count - 1, through: 0, by: -1) {
            let next = String(places[place])
            digits += String(repeating: "0", count: 8 - next.count) + next
        }
        let significant = digits.drop { $0 == "0" }
        return (isNegative ? "-" : "") + (significant.isEmpty ? "0" : significant)
    }

    /// The nearest floating-point number, for a spreadsheet's cell.
    var nearest: Double { Double(decimal) ?? .nan }

    /// The same sum with each place in 0 ..< base, and what is left above them.
    private var carried: (places: SIMD8<Int64>, top: Int64) {
        var out: SIMD8<Int64> = .zero
        var carry: Int64 = 0
        for place in 0..<Self.count {
            let (sum, isBeyond) = places[place].addingReportingOverflow(carry)
            precondition(!isBeyond, "a report has fewer than 9·10^10 amounts")
            let digits = ((sum % Self.base) + Self.base) % Self.base
            out[place] = digits
            carry = (sum - digits) / Self.base
        }
        return (out, carry)
    }
}
