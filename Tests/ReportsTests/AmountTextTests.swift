import Primitives
import Testing

@testable import Reports

@Suite struct AmountTextTests {
    @Test(
        arguments: [
            (0, 12, false, "0.000000000000"), (0, 12, true, "0.000000000000"), (1, 12, true, "-0.000000000001"),
            (1_000_000_000_000, 12, false, "1.000000000000"), (1_234_567_890_123, 12, true, "-1.234567890123"),
            (7, 0, false, "7"), (7, 1, false, "0.7"), (70, 1, true, "-7.0"),
            (UInt128.max, 12, true, "-340282366920938463463374607.431768211455"),
            (UInt128.max, 30, false, "340282366.920938463463374607431768211455"),
            (1, 30, false, "0.000000000000000000000000000001"),
        ] as [(UInt128, UInt8, Bool, String)])
    func `an amount is written with all decimals`(_ units: UInt128, _ scale: UInt8, _ isNegative: Bool, _ text: String)
    {
        var out = ByteText()
        out.append("x")
        out.append(units: units, scale: scale, isNegative: isNegative)
        #expect(String(decoding: out.bytes, as: UTF8.self) == "x" + text)
    }

    @Test(
        arguments: [
            ([], [], "0"), ([5], [5], "0"), ([5], [6], "-1"), ([100_000_000], [1], "99999999"),
            ([.max, .max], [], "680564733841876926926749214863536422910"),
            ([.max, 1], [], "340282366920938463463374607431768211456"),
            ([], [.max, .max], "-680564733841876926926749214863536422910"),
            ([.max], [.max], "0"), ([.max], [.max, 1], "-1"), ([99_999_999, 1], [], "100000000"),
        ] as [([Amount], [Amount], String)])
    func `L42: sums of any size are exact`(_ added: [Amount], _ subtracted: [Amount], _ text: String) {
        var sum = AmountParts.zero
        for amount in added { sum += AmountParts(amount) }
        for amount in subtracted { sum -= AmountParts(amount) }
        #expect(sum.decimal == text)
        #expect(sum.isZero == (text == "0"))
    }

    @Test func `a negative amount's parts undo a positive one's`() {
        var sum = AmountParts(Amount.max)
        sum += AmountParts(Amount.max, isNegative: true)
        #expect(sum == .zero)
        #expect(
            (0..<5).map { AmountParts(Amount.max)[$0] } == [3_402_823, 66_920_938, 46_346_337, 46_074_317, 68_211_455])
    }

    @Test(
        arguments: [
            ("USD", "USD", "USD"), ("usd", "USD", "USD"), ("h", "CURH", "CURH"), ("1INCH", "CUR1INCH", "\"CUR1INCH\""),
            ("A1", "A1", "\"A1\""), ("€", "CUR", "CUR"), ("", "CUR", "CUR"), ("U\"S\nD;", "USD", "USD"),
            ("ÜSD", "SD", "SD"),
        ])
    func `a currency's code becomes a symbol that all three tools read`(
        _ code: String, _ symbol: String, _ quoted: String
    ) {
        let currency = JournalCurrency(code: code, scale: 0)
        #expect(currency.symbol == symbol)
        #expect(currency.quotedSymbol == quoted)
    }
}
