import Foundation
import Primitives
import Testing

@Suite struct AmountTests {
    private static let top = UInt128.max
    private static let half = UInt128(1) << 64

    @Test func `a sum is exact up to 2^128 - 1 and refused one above`() throws {
        for a in [0, 1, Self.half - 1, Self.half, Self.half + 1, Self.top / 2, Self.top - 1, Self.top] {
            let room = Self.top - a
            #expect(try Amount(a).adding(Amount(room)) == .max)
            if room > 0 { #expect(try Amount(a).adding(Amount(room - 1)).units == Self.top - 1) }
            if a > 0 { #expect(throws: AmountError.overflow) { try Amount(a).adding(Amount(room + 1)) } }
        }
    }

    @Test func `a difference is exact down to zero and refused one below`() throws {
        for a in [0, 1, Self.half - 1, Self.half, Self.half + 1, Self.top - 1, Self.top] {
            #expect(try Amount(a).subtracting(Amount(a)) == .zero)
            if a > 0 { #expect(try Amount(a).subtracting(Amount(a - 1)) == 1) }
            if a < Self.top { #expect(throws: AmountError.underflow) { try Amount(a).subtracting(Amount(a + 1)) } }
        }
    }

    @Test func `a product is exact up to 2^128 - 1 and refused above`() throws {
        #expect(try Amount(Self.half).times(.max).units == Self.top - (Self.half - 1))
        #expect(try Amount(Self.half + 1).times(.max) == .max)
        #expect(throws: AmountError.overflow) { try Amount(Self.half + 2).times(.max) }
        for count: UInt64 in [1, 2, 3, 7, 1_000_000_000, .max] {
            let largest = Self.top / UInt128(count)
            #expect(try Amount(largest).times(count).units == largest * UInt128(count), "\(count)")
            if count > 1 { #expect(throws: AmountError.overflow, "\(count)") { try Amount(largest + 1).times(count) } }
        }
        #expect(try Amount.max.times(0) == .zero)
        #expect(try Amount.max.times(1) == .max)
    }

    @Test func `a division drops the remainder and refuses zero`() throws {
        #expect(try Amount(99).dividedRoundingDown(by: 100) == 0)
        #expect(try Amount(100).dividedRoundingDown(by: 100) == 1)
        #expect(try Amount(199).dividedRoundingDown(by: 100) == 1)
        #expect(try Amount(200).dividedRoundingDown(by: 100) == 2)
        #expect(try Amount.max.dividedRoundingDown(by: Self.top) == 1)
        #expect(throws: AmountError.divisionByZero) { try Amount(1).dividedRoundingDown(by: 0) }
        #expect(throws: AmountError.divisionByZero) { try Amount(0).scaledRoundingDown(by: 0, over: 0) }
    }

    @Test func `a sum of many throws where a part of it does not fit`() throws {
        #expect(try Amount.sum([]) == .zero)
        #expect(try Amount.sum([1, 2, 3]) == 6)
        #expect(try Amount.sum([.max, 0, 0]) == .max)
        #expect(throws: AmountError.overflow) { try Amount.sum([1, 2, Amount(Self.top - 2)]) }
    }

    @Test func `decimal text has one form, and goes up to 2^128 - 1`() {
        let top = "340282366920938463463374607431768211455"
        #expect(Amount(decimal: top) == .max)
        #expect(Amount.max.decimal == top)
        for text in ["0", "1", "9", "10", "18446744073709551616", "39851680", top] {
            #expect(Amount(decimal: text)?.decimal == text)
        }
        let refused = [
            "", "00", "01", "+1", "-0", "-1", " 1", "1 ", "1.0", "1e3", "0x1", "1_000", "1,000", "a", "\u{661}", "½",
            "340282366920938463463374607431768211456", "999999999999999999999999999999999999999",
            "1000000000000000000000000000000000000000", "0000000000000000000000000000000000000001",
        ]
        for text in refused { #expect(Amount(decimal: text) == nil, "\(text)") }
    }

    @Test func `amounts are ordered as their units are`() {
        let ordered = [0, 1, Self.half - 1, Self.half, Self.half + 1, Self.top - 1, Self.top].map { Amount($0) }
        for (i, a) in ordered.enumerated() {
            for (j, b) in ordered.enumerated() {
                #expect((a < b) == (i < j))
                #expect((a == b) == (i == j))
            }
        }
        #expect(ordered.map(\.units) == [0, 1, Self.half - 1, Self.half, Self.half + 1, Self.top - 1, Self.top])
    }

    @Test func `JSON holds a text; a number is refused`() throws {
        let text = String(decoding: try JSONEncoder().encode([Amount.max]), as: UTF8.self)
        #expect(text == "[\"340282366920938463463374607431768211455\"]")
        #expect(try JSONDecoder().decode([Amount].self, from: Data(text.utf8)) == [.max])
        for wrong in ["[1]", "[\"01\"]", "[\"\"]", "[null]", "[-1]"] {
            #expect(throws: DecodingError.self, "\(wrong)") {
                try JSONDecoder().decode([Amount].self, from: Data(wrong.utf8))
            }
        }
    }
}
