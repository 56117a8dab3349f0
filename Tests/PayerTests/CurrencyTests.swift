import Payer
import Primitives
import Testing

@Suite struct CurrencyTests {
    private let dollar = Currency(code: "USD", scale: 12)

    @Test func `amounts are written with what they have of decimals`() {
        for (units, text) in [
            (0, "0 USD"), (1, "0.000000000001 USD"), (39_851_680, "0.00003985168 USD"),
            (10_000_000_000, "0.01 USD"), (1_000_000_000_000, "1 USD"), (1_500_000_000_000, "1.5 USD"),
            (12_345_678_901_234, "12.345678901234 USD"),
        ] as [(UInt128, String)] {
            #expect(dollar.text(Amount(units)) == text)
            #expect(dollar.amount(text) == Amount(units))
        }
        #expect(dollar.text(.max) == "340282366920938463463374607.431768211455 USD")
        #expect(dollar.amount(dollar.text(.max)) == .max)
        #expect(Currency(code: "GAS", scale: 0).text(17) == "17 GAS")
        #expect(Currency(code: "GAS", scale: 0).amount("17gas") == 17)
    }

    @Test func `digits alone are units, and what is not exact is no amount`() {
        #expect(dollar.amount("10000000000") == 10_000_000_000)
        #expect(dollar.amount("0.01usd") == 10_000_000_000)
        for text in [
            "", "USD", ".5USD", "1.USD", "0.01", "-1USD", "1e3USD", "1.2.3USD", "1 EUR", "0.0000000000001USD", "1,5USD",
            "340282366920938463463374607.431768211456 USD", "01", "٣USD",
        ] {
            #expect(dollar.amount(text) == nil, "\(text)")
        }
    }
}
