/// A CSV file of a report, read strictly: the columns it must have, CRLF at each line's end.
struct CSVFile {
    let rows: [[String]]

    init(_ bytes: [UInt8], columns: [String], name: String) throws {
        var rows: [[String]] = []
        try Self.forEachRow(AuditSource(name: name, content: .bytes(bytes)), columns: columns) { rows.append($0) }
        self.rows = rows
    }

    /// Reads a file row by row, in memory that does not grow with it.
    static func forEachRow(_ source: AuditSource, columns: [String], _ body: ([String]) throws -> Void) throws {
        let name = source.name
        var lines = try LineQueue(source)
        var isFirst = true
        while let (line, number) = try lines.next() {
            guard line.last == 0x0d else {
                throw AuditDifference("\(name), line \(number)", "end of the line", expected: "CRLF", found: "LF")
            }
            let fields = Self.fields(String(decoding: line.dropLast(), as: UTF8.self))
            guard fields.count == columns.count else {
                throw AuditDifference(
                    "\(name), line \(number)", "number of fields", expected: columns.count, found: fields.count)
            }
            if isFirst, fields != columns {
                throw AuditDifference(
                    "\(name), line 1", "columns", expected: columns.joined(separator: ","),
                    found: fields.joined(separator: ","))
            }
            if !isFirst { try body(fields) }
            isFirst = false
        }
        if isFirst {
            throw AuditDifference(
                "\(name), line 1", "columns", expected: columns.joined(separator: ","), found: "nothing")
        }
    }

    /// The fields of a line. Scalars are looked at, as where it is written: a comma with a combining accent ends a field.
    private static func fields(_ line: String) -> [String] {
        var fields: [String] = []
        var field = String.UnicodeScalarView()
        var isQuoted = false
        var previousWasQuote = false
        for scalar in line.unicodeScalars {
            if scalar == "\"" {
                if isQuoted, previousWasQuote {
                    field.append(scalar)
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
            if scalar == ",", !isQuoted {
                fields.append(String(field))
                field = String.UnicodeScalarView()
            } else {
                field.append(scalar)
            }
        }
        return fields + [String(field)]
    }
}
