import Primitives
import Rewards
import Testing

@testable import Reports

@Suite struct TextFormTests {
    @Test(
        arguments: [
            ("plain", "plain"), ("", ""), ("a,b", "\"a,b\""), ("a\"b", "\"a\"\"b\""), ("a\r\nb", "\"a\r\nb\""),
            ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("\rx", "\"'\rx\""),
            ("\r\n=x", "\"'\r\n=x\""), ("'x", "''x"), ("\u{ff1d}x", "'\u{ff1d}x"), ("a=1", "a=1"),
            // One character each to Swift, and still a comma, a quote and an equals sign to every reader.
            ("a,\u{301}b", "\"a,\u{301}b\""), ("a\"\u{301}b", "\"a\"\"\u{301}b\""), ("=\u{301}", "'=\u{301}"),
        ])
    func `L42: a text is one field and no formula in CSV`(_ text: String, _ field: String) {
        var out = ByteText()
        CSVText.append(field: text, to: &out)
        #expect(String(decoding: out.bytes, as: UTF8.self).unicodeScalars.elementsEqual(field.unicodeScalars))
    }

    @Test func `a table's CSV has a line a row, each with CRLF`() {
        let table = ReportTable(
            name: "t", columns: ["name", "amount", "count", "nothing"],
            rows: [
                [.text("a"), .amount(.max), .integer(.max), .empty], [.text("-b"), .amount(0), .integer(0), .empty],
            ])
        #expect(
            String(decoding: CSVText.table(table), as: UTF8.self)
                == "name,amount,count,nothing\r\na,340282366920938463463374607431768211455,18446744073709551615,\r\n"
                + "'-b,0,0,\r\n")
    }

    @Test(
        arguments: [
            ("plain: text", "plain: text"), (" x ", "\\u0020x\\u0020"), ("a,b;c", "a\\u002cb\\u003bc"),
            ("[2024-01-01]", "\\u005b2024-01-01\\u005d"), ("a\nb", "a\\u000ab"), ("\"\\", "\\\"\\\\"), ("é", "\\u00e9"),
            ("🚀", "\\ud83d\\ude80"), ("\u{7f}\u{0}", "\\u007f\\u0000"), (" ", "\\u0020"), ("", ""),
        ])
    func `L42: a text is one line of ASCII in a journal`(_ text: String, _ escaped: String) {
        #expect(JSONText.escaped(text, .journal) == escaped)
    }

    @Test func `L42: JSON escapes what it must and nothing else`() {
        #expect(JSONText.quoted("a\"\\/\n\u{1}é,🚀\u{2028}") == "\"a\\\"\\\\/\\u000a\\u0001é,🚀\u{2028}\"")
    }

    @Test(
        arguments: [
            ("plain_text", "plain_text"), ("_x0041_", "_x005F_x0041_"), ("_x004g_", "_x004g_"), ("_x41_", "_x41_"),
            ("a\rb\u{0}", "a_x000D_b_x0000_"), ("\t\n", "\t\n"), ("\u{fffe}", "_xFFFE_"), ("é", "é"),
            ("__x00e9_", "__x005F_x00e9_"),
        ])
    func `L42: a cell holds what XML can't`(_ text: String, _ escaped: String) {
        #expect(CellText.escaped(text) == escaped)
    }

    @Test(arguments: [(0, "$A$1"), (25, "$Z$1"), (26, "$AA$1"), (701, "$ZZ$1"), (702, "$AAA$1"), (16_383, "$XFD$1")])
    func `a cell's name counts columns in letters`(_ column: Int, _ name: String) {
        #expect(CellPlace(row: 0, column: UInt16(column)).text == name)
    }
}
