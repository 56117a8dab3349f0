import Primitives
import Rewards
import Testing

@testable import feesvc

struct TableWriterTests {
    private func csv(_ text: String) -> String {
        let table = ReportTable(name: "t", columns: ["c"], rows: [[.text(text)]])
        return String(decoding: TableWriter.csv(table).dropFirst(3), as: UTF8.self)
    }

    /// Swift takes a sign with an accent for one character; a spreadsheet does not.
    @Test func `a formula is guarded and a comma quoted, with a combining accent behind them too`() {
        for (text, line) in [
            ("=1", "'=1\r\n"), ("=\u{301}1", "'=\u{301}1\r\n"), ("+\u{308}", "'+\u{308}\r\n"),
            ("a,b", "\"a,b\"\r\n"), ("a,\u{301}b", "\"a,\u{301}b\"\r\n"), ("a\"\u{301}", "\"a\"\"\u{301}\"\r\n"),
            ("\u{ff1d}1", "'\u{ff1d}1\r\n"), ("'x", "''x\r\n"), ("a\nb", "\"a\nb\"\r\n"), ("a=b", "a=b\r\n"),
        ] {
            #expect(Array(csv(text).utf8) == Array(line.utf8), "\(text)")
        }
    }

    @Test func `what is written in quotes is read as it was`() throws {
        let texts = ["a,\u{301}b", "a\"\u{301}b", "plain", "\"", ","]
        let table = ReportTable(name: "t", columns: ["c", "d"], rows: texts.map { [.text($0), .integer(7)] })
        let rows = try CSVFile(TableWriter.csv(table), columns: ["c", "d"], name: "t.csv").rows
        #expect(rows.map { Array($0[0].utf8) } == texts.map { Array($0.utf8) })
    }

    @Test func `numbers are written digit by digit, from zero to the largest`() {
        for value in [0, 1, 9, 10, 99, 1_000_000_007, UInt64.max] {
            var bytes: [UInt8] = []
            bytes.append(decimal: value)
            #expect(String(decoding: bytes, as: UTF8.self) == "\(value)")
        }
        for units in [UInt128(0), UInt128(UInt64.max), UInt128(UInt64.max) + 1, .max] {
            var bytes: [UInt8] = []
            bytes.append(decimal: Amount(units))
            #expect(String(decoding: bytes, as: UTF8.self) == "\(units)")
        }
        var hex: [UInt8] = []
        hex.append(hex: [0x00, 0x09, 0xa0, 0xff])
        #expect(String(decoding: hex, as: UTF8.self) == "0x0009a0ff")
    }
}
