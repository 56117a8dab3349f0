import Primitives
import Rewards
import Testing

@Suite struct ReportTableTests {
    @Test func `a cell's text is exact, whatever its size`() {
        #expect(ReportCell.text(" =1+1 ").text == " =1+1 ")
        #expect(ReportCell.integer(.max).text == "18446744073709551615")
        #expect(ReportCell.amount(.max).text == "340282366920938463463374607431768211455")
        #expect(ReportCell.amount(0).text == "0")
        #expect(ReportCell.empty.text == "")
    }
}
