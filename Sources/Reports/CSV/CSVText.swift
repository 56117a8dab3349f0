import Primitives
public import Rewards

/// CSV (RFC 4180): comma, quotes where needed, CRLF after each line.
public enum CSVText {
    /// A whole table.
    public static func table(_ table: ReportTable) -> [UInt8] {
        var text = ByteText()
        append(table.columns.map(ReportCell.text), to: &text)
        for row in table.rows { append(row, to: &text) }
        return text.bytes
    }

    static func append(_ row: [ReportCell], to out: inout ByteText) {
        for (place, cell) in row.enumerated() {
            if place > 0 { out.append(byte: comma) }
            switch cell {
            case .text(let text): append(field: text, to: &out)
            case .integer(let value): out.append(value)
            case .amount(let amount): out.append(units: amount.units)
            case .empty: break
            }
        }
        endLine(&out)
    }

    static func endLine(_ out: inout ByteText) {
        out.append("\r\n")
    }

    /// A text that a spreadsheet would take for a formula gets an apostrophe in front; see ``CSVField``.
    static func append(field text: String, to out: inout ByteText) {
        let isQuoted = CSVField.isQuoted(text)
        if isQuoted { out.append(byte: quote) }
        if CSVField.isGuarded(text) { out.append(byte: apostrophe) }
        for byte in text.utf8 {
            if byte == quote { out.append(byte: quote) }
            out.append(byte: byte)
        }
        if isQuoted { out.append(byte: quote) }
    }

    private static let comma: UInt8 = 0x2c
    private static let quote: UInt8 = 0x22
    private static let apostrophe: UInt8 = 0x27
}
