import Channels
import Primitives

/// Compares `charges.csv` and `charges.json` with the log, leaf by leaf. Channels and salts are the file's own, each checked
/// against the commitment in the log.
struct ChargesCheck {
    private static let rowsLeast = 64
    /// Two hashes of 32 bytes in hex, each behind a comma, and the carriage return.
    private static let tailBytes = 2 * 67 + 1

    private let name: String
    private var lines: LineQueue
    private var json: ExpectedBytes
    private var isFirst = true

    /// A charge's leaf with its line of the file.
    private struct Line {
        let leaf: ReadLeaf
        let charge: Charge
        let bytes: ArraySlice<UInt8>
        let number: Int

        var text: String { String(decoding: bytes.dropLast(), as: UTF8.self) }
    }

    init(_ folder: AuditFolder) throws {
        let csv = try folder.source("charges.csv")
        name = csv.name
        lines = try LineQueue(csv)
        json = try ExpectedBytes(try folder.source("charges.json"))
        try json.expect(TableForm.jsonStart)
        let columns = ChargeLine.form.columns.joined(separator: ",")
        guard let first = try lines.next(), String(decoding: first.bytes, as: UTF8.self) == columns + "\r" else {
            throw AuditDifference("\(name), line 1", "columns", expected: columns, found: "others")
        }
    }

    /// Takes in the next leaves of the log.
    mutating func take(_ leaves: [ReadLeaf]) throws {
        var pairs: [Line] = []
        for leaf in leaves {
            guard let charge = leaf.charge else { continue }
            guard let line = try lines.next() else {
                throw AuditDifference(
                    name, "rows", expected: "one for the charge of leaf \(leaf.leaf.index)", found: "none")
            }
            pairs.append(Line(leaf: leaf, charge: charge, bytes: line.bytes, number: line.number))
        }
        let objects = try Parallel.map(pairs.count, least: Self.rowsLeast) { [name, isFirst, pairs] range in
            var csv: [UInt8] = []
            var json: [UInt8] = []
            for place in range {
                let row = try Self.row(of: pairs[place], name)
                csv.removeAll(keepingCapacity: true)
                try row.appendCSV(to: &csv)
                guard csv.dropLast().elementsEqual(pairs[place].bytes) else {
                    throw AuditDifference(
                        "\(name), line \(pairs[place].number)", "line",
                        expected: String(decoding: csv.dropLast(2), as: UTF8.self), found: pairs[place].text)
                }
                try row.appendJSON(isFirst: isFirst && place == 0, to: &json)
            }
            return json
        }
        for part in objects { try json.expect(part) }
        if !pairs.isEmpty { isFirst = false }
    }

    /// Throws unless there is no other row.
    mutating func finish() throws {
        if let line = try lines.next() {
            throw AuditDifference("\(name), line \(line.number)", "row", expected: "none", found: "another charge")
        }
        try json.expect(TableForm.jsonEnd)
        try json.finish()
    }

    /// The row that belongs to a leaf, with channel and salt from the end of the line.
    private static func row(of line: Line, _ name: String) throws -> ChargeLine {
        guard let (channel, salt) = opening(line.bytes) else {
            throw AuditDifference(
                "\(name), line \(line.number)", "row", expected: "index, channel, salt", found: line.text)
        }
        try AuditDifference.check(
            "\(name), leaf \(line.leaf.leaf.index)", "commitment", expected: line.charge.commitment,
            found: Charge.commitment(to: channel, salt: salt))
        return ChargeLine(
            charge: line.charge, index: line.leaf.leaf.index, time: try line.leaf.leaf.origin().time,
            channel: channel, salt: salt)
    }

    /// The channel that paid and the salt, the last two fields of a line.
    static func opening(_ line: ArraySlice<UInt8>) -> (channel: Bytes32, salt: Bytes32)? {
        guard line.count > tailBytes else { return nil }
        return line.suffix(tailBytes).withUnsafeBytes { bytes in
            var scanner = LineScanner(bytes)
            guard scanner.comma(), let channel = scanner.hex().flatMap({ Bytes32($0) }), scanner.comma(),
                let salt = scanner.hex().flatMap({ Bytes32($0) }), scanner.isAtEnd
            else { return nil }
            return (channel, salt)
        }
    }
}
