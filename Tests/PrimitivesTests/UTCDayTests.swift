import Foundation
import Primitives
import Testing

@Suite struct UTCDayTests {
    private static let known: [(UInt32, String)] = [
        (0, "1970-01-01"), (58, "1970-02-28"), (59, "1970-03-01"), (789, "1972-02-29"), (10_956, "1999-12-31"),
        (10_957, "2000-01-01"), (11_016, "2000-02-29"), (11_017, "2000-03-01"), (19_782, "2024-02-29"),
        (20_454, "2026-01-01"), (24_855, "2038-01-19"), (47_540, "2100-02-28"), (47_541, "2100-03-01"),
        (157_113, "2400-02-29"), (2_932_896, "9999-12-31"), (2_932_897, "10000-01-01"),
    ]

    @Test func `days have the dates of Python's calendar`() {
        for (number, text) in Self.known { #expect(UTCDay(number: number).description == text) }
    }

    @Test func `days have the dates of Foundation's calendar`() {
        var generator = SplitMix64(seed: 1_970)
        for _ in 0..<400 {
            let number = UInt32.random(in: 0...2_932_896, using: &generator)
            let date = Date(timeIntervalSince1970: Double(number) * 86_400)
            let text = date.formatted(.iso8601.year().month().day())
            #expect(UTCDay(number: number).description == text, "seed 1970, day \(number)")
        }
    }

    @Test func `a day holds its first second and its last, and not the one before or after`() {
        for day: UInt64 in [1, 2, 20_454, 4_000_000] {
            let midnight = day * 86_400
            #expect(UTCDay(containing: midnight - 1).number == UInt32(day) - 1)
            #expect(UTCDay(containing: midnight).number == UInt32(day))
            #expect(UTCDay(containing: midnight + 86_399).number == UInt32(day))
            #expect(UTCDay(containing: midnight + 86_400).number == UInt32(day) + 1)
            #expect(UTCDay(containing: midnight + 5).start == midnight)
            #expect(UTCDay(containing: midnight).next.start == midnight + 86_400)
        }
        #expect(UTCDay(containing: 0) == UTCDay(number: 0))
        #expect(UTCDay(number: 3) < UTCDay(number: 4))
        #expect(!(UTCDay(number: 4) < UTCDay(number: 4)))
    }

    @Test func `a time beyond the last day that a number holds is the last day`() {
        let last = UInt64(UInt32.max) * 86_400
        #expect(UTCDay(containing: last - 1).number == UInt32.max - 1)
        #expect(UTCDay(containing: last).number == .max)
        #expect(UTCDay(containing: .max).number == .max)
    }
}
