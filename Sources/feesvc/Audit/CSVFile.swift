/// A CSV file of a report, read strictly: the columns it must have, CRLF at each line's end.
struct CSVFile {
    let rows: [[String]]

    init(_ bytes: [UInt8], columns: [String], name: String) throws {
        var rows: [[String]] = []
        for (number, line) in String(decoding: bytes, as: UTF8.self)
            .split(separator: "\r\n", omittingEmptySubsequences: true).enumerated()
        {
            let fields = Self.fields(line)
            guard fields.count == columns.count else {
                throw AuditDifference(
                    "\(name), line \(number + 1)", "number of fields", expected: columns.count, found: fields.count)
            }
            rows.append(fields)
        }
        guard rows.first == columns else {
            throw AuditDifference(
                "\(name), line 1", "columns", expected: columns.joined(separator: ","),
                found: rows.first?.joined(separator: ",") ?? "nothing")
        }
        self.rows = Array(rows.dropFirst())
    }

    private static func fields(_ line: Substring) -> [String] {
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var previousWasQuote = false
        for character in line {
            if character == "\"" {
                if isQuoted, previousWasQuote {
                    field.append(character)
                    previousWasQuote = false
                } else if isQuoted {
                    previousWasQuote = true
                } else {
                    isQuoted = true
                }
                continue
            }
            if previousWasQuote {
                isQuoted = false
                previousWasQuote = false
            }
            if character == ",", !isQuoted {
                fields.append(field)
                field = ""
            } else {
                field.append(character)
            }
        }
        return fields + [field]
    }
}
