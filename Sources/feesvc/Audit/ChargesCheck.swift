import Channels
import Primitives
import Synchronization

/// Compares `charges.csv` and `charges.json` with the log, leaf by leaf. Channels and salts are the file's own, each checked
/// against the commitment in the log.
///
/// Lines are read where leaves are; rows are made and compared beside that, and the objects of the other file beside both.
final class ChargesCheck: Sendable {
    private static let rowsLeast = 64
    /// Two hashes of 32 bytes in hex, each behind a comma, and the carriage return.
    private static let tailBytes = 2 * 67 + 1

    private let name: String
    private let lines: Mutex<LineQueue>
    private let json: Mutex<ExpectedBytes>
    private let isFirst = Mutex(true)
    private let rowWork = Beside()
    private let objectWork = Beside()

    /// A charge's leaf with its line of the file.
    private struct Line: Sendable {
        let leaf: ReadLeaf
        let charge: Charge
        let bytes: ArraySlice<UInt8>
        let number: Int

        var text: String { String(decoding: bytes.dropLast(), as: UTF8.self) }
    }

    init(_ folder: AuditFolder) throws {
        let csv = try folder.source("charges.csv")
        name = csv.name
        var lines = try LineQueue(csv)
        var json = try ExpectedBytes(try folder.source("charges.json"))
        try json.expect(TableForm.jsonStart)
        let columns = ChargeLine.form.columns.joined(separator: ",")
        guard let first = try lines.next(), String(decoding: first.bytes, as: UTF8.self) == columns + "\r" else {
            throw AuditDifference("\(name), line 1", "columns", expected: columns, found: "others")
        }
        self.lines = Mutex(lines)
        self.json = Mutex(json)
    }

    /// Takes in the next leaves of the log; throws what was found in those before.
    func take(_ leaves: [ReadLeaf]) throws {
        let pairs = try lines.withLock { lines in try self.pairs(leaves, &lines) }
        guard !pairs.isEmpty else { return }
        let isFirst = self.isFirst.withLock { isFirst -> Bool in
            defer { isFirst = false }
            return isFirst
        }
        try rowWork.start { [self] in
            let objects = try Self.objects(pairs, isFirst: isFirst, name)
            try objectWork.start { [self] in
                try json.withLock { json in
                    for part in objects { try json.expect(part) }
                }
            }
        }
    }

    private func pairs(_ leaves: [ReadLeaf], _ lines: inout LineQueue) throws -> [Line] {
        var pairs: [Line] = []
        for leaf in leaves {
            guard let charge = leaf.charge else { continue }
            guard let line = try lines.next() else {
                throw AuditDifference(
                    name, "rows", expected: "one for the charge of leaf \(leaf.leaf.index)", found: "none")
            }
            pairs.append(Line(leaf: leaf, charge: charge, bytes: line.bytes, number: line.number))
        }
        return pairs
    }

    /// The objects that the other file has for some lines, once these are as they should be.
    private static func objects(_ pairs: [Line], isFirst: Bool, _ name: String) throws -> [[UInt8]] {
        try Parallel.map(pairs.count, least: rowsLeast) { range in
            var csv: [UInt8] = []
            var json: [UInt8] = []
            for place in range {
                let row = try row(of: pairs[place], name)
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
    }

    /// Waits for what is under way; nobody asks any more what it found.
    func stop() {
        try? rowWork.finish()
        try? objectWork.finish()
    }

    /// Throws unless there is no other row.
    func finish() throws {
        try rowWork.finish()
        try objectWork.finish()
        if let line = try lines.withLock({ try $0.next() }) {
            throw AuditDifference("\(name), line \(line.number)", "row", expected: "none", found: "another charge")
        }
        try json.withLock { json in
            try json.expect(TableForm.jsonEnd)
            try json.finish()
        }
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
