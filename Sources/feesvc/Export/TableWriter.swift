import Primitives
import Rewards

/// Writes a table as RFC 4180 CSV and as JSON; both hold the same exact text for each cell.
enum TableWriter {
    /// Lines end in CRLF. A text that a spreadsheet would take for a formula gets an apostrophe in front.
    static func csv(_ table: ReportTable) -> [UInt8] {
        var out: [UInt8] = []
        for row in [table.columns.map(ReportCell.text)] + table.rows {
            for (place, cell) in row.enumerated() {
                if place > 0 { out.append(0x2c) }
                out.append(contentsOf: field(cell).utf8)
            }
            out.append(contentsOf: [0x0d, 0x0a])
        }
        return out
    }

    private static func field(_ cell: ReportCell) -> String {
        var text = cell.text
        if case .text = cell, let first = text.first, "=+-@\t\r".contains(first) { text = "'" + text }
        guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }

    /// An array of objects, one a line; amounts are strings, counts numbers.
    static func json(_ table: ReportTable) -> [UInt8] {
        var out = Array("[".utf8)
        for (number, row) in table.rows.enumerated() {
            out.append(contentsOf: (number == 0 ? "\n{" : ",\n{").utf8)
            for (place, (column, cell)) in zip(table.columns, row).enumerated() {
                if place > 0 { out.append(0x2c) }
                out.append(contentsOf: "\(quoted(column)):\(value(cell))".utf8)
            }
            out.append(0x7d)
        }
        out.append(contentsOf: "\n]\n".utf8)
        return out
    }

    private static func value(_ cell: ReportCell) -> String {
        switch cell {
        case .text(let text): quoted(text)
        case .integer(let value): String(value)
        case .amount(let amount): quoted(amount.decimal)
        case .empty: "null"
        }
    }

    private static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case _ where scalar.value < 0x20:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out + "\""
    }
}
