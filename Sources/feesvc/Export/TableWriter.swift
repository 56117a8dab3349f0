import Primitives
import Rewards

/// Writes a table as RFC 4180 CSV and as JSON; both hold the same exact text for each cell.
enum TableWriter {
    /// Lines end in CRLF. A text that a spreadsheet would take for a formula gets an apostrophe in front.
    static func csv(_ table: ReportTable) -> [UInt8] {
        let form = TableForm(name: table.name, columns: table.columns)
        var out = form.csvStart
        for row in table.rows { form.appendCSV(row, to: &out) }
        return out
    }

    /// An array of objects, one a line; amounts are strings, counts numbers.
    static func json(_ table: ReportTable) -> [UInt8] {
        let form = TableForm(name: table.name, columns: table.columns)
        var out = TableForm.jsonStart
        for (number, row) in table.rows.enumerated() { form.appendJSON(row, isFirst: number == 0, to: &out) }
        return out + TableForm.jsonEnd
    }
}

/// A table's name and columns: writes its rows one by one, for tables that are never in memory as a whole.
struct TableForm: Sendable {
    let name: String
    let columns: [String]
    /// In front of each cell of an object: `{` or a comma, and the column's name.
    let jsonKeys: [[UInt8]]

    init(name: String, columns: [String]) {
        self.name = name
        self.columns = columns
        jsonKeys = columns.enumerated().map { place, column in
            var key: [UInt8] = [place == 0 ? 0x7b : 0x2c]
            Self.append(quoted: column, to: &key)
            return key + [0x3a]
        }
    }

    /// The line with the columns' names.
    var csvStart: [UInt8] {
        var out: [UInt8] = []
        appendCSV(columns.map(ReportCell.text), to: &out)
        return out
    }

    static let jsonStart = Array("[".utf8)
    static let jsonEnd = Array("\n]\n".utf8)
    static let csvLineEnd: [UInt8] = [0x0d, 0x0a]

    func appendCSV(_ row: [ReportCell], to out: inout [UInt8]) {
        for (place, cell) in row.enumerated() {
            if place > 0 { out.append(0x2c) }
            switch cell {
            case .text(let text): Self.append(field: text, to: &out)
            case .integer(let value): out.append(decimal: value)
            case .amount(let amount): out.append(decimal: amount)
            case .empty: break
            }
        }
        out.append(contentsOf: Self.csvLineEnd)
    }

    /// Writes an object, with the comma and the line's end that stand between it and the one before.
    func appendJSON(_ row: [ReportCell], isFirst: Bool, to out: inout [UInt8]) {
        Self.appendSeparator(isFirst: isFirst, to: &out)
        for (key, cell) in zip(jsonKeys, row) {
            out.append(contentsOf: key)
            switch cell {
            case .text(let text): Self.append(quoted: text, to: &out)
            case .integer(let value): out.append(decimal: value)
            case .amount(let amount): Self.append(quoted: amount.decimal, to: &out)
            case .empty: out.append(text: "null")
            }
        }
        out.append(0x7d)
    }

    static func appendSeparator(isFirst: Bool, to out: inout [UInt8]) {
        if !isFirst { out.append(0x2c) }
        out.append(0x0a)
    }

    private static func append(field text: String, to out: inout [UInt8]) {
        let isQuoted = CSVField.isQuoted(text)
        if isQuoted { out.append(0x22) }
        if CSVField.isGuarded(text) { out.append(0x27) }
        for byte in text.utf8 {
            if byte == 0x22 { out.append(0x22) }
            out.append(byte)
        }
        if isQuoted { out.append(0x22) }
    }

    private static func append(quoted text: String, to out: inout [UInt8]) {
        out.append(0x22)
        for byte in text.utf8 {
            switch byte {
            case 0x22, 0x5c: out.append(contentsOf: [0x5c, byte])
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                out.append(text: "\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
            default: out.append(byte)
            }
        }
        out.append(0x22)
    }
}
