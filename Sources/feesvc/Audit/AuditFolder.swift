import Foundation
import Primitives
import Rewards

/// An exported epoch whose files have the hashes that its manifest names.
struct AuditFolder {
    let path: String
    private let sources: [String: AuditSource]

    /// - Parameter checkingHashes: `false` where they were checked before.
    init(_ path: String, checkingHashes: Bool = true) throws {
        guard let manifest = FileManager.default.contents(atPath: path + "/manifest.csv") else {
            throw OperatorError("\(path) is not an exported epoch: it has no readable manifest.csv.")
        }
        let rows = try CSVFile(Array(manifest), columns: ["file", "sha256"], name: "manifest.csv").rows
        let sources = rows.map { AuditSource(name: $0[0], content: .file(path: "\(path)/\($0[0])")) }
        try Parallel.forEach(checkingHashes ? rows.count : 0) { place in
            guard !sources[place].name.contains("/") else { throw sources[place].unreadable }
            try AuditDifference.check(
                sources[place].name, "SHA-256", expected: rows[place][1], found: try sources[place].sha256().hex)
        }
        self.path = path
        self.sources = Dictionary(sources.map { ($0.name, $0) }) { first, _ in first }
    }

    /// A file that the manifest names.
    func source(_ name: String) throws -> AuditSource {
        guard let source = sources[name] else {
            throw AuditDifference(path, "file", expected: name, found: "none")
        }
        return source
    }

    /// All of a file that is small.
    func bytes(_ name: String) throws -> [UInt8] { try source(name).bytes() }

    /// Throws unless a table's two files are what it makes.
    func compare(_ table: ReportTable) throws {
        for (name, expected) in [
            (table.name + ".csv", TableWriter.csv(table)), (table.name + ".json", TableWriter.json(table)),
        ] {
            var file = try ExpectedBytes(try source(name))
            try file.expect(expected)
            try file.finish()
        }
    }
}

/// A table's two files, compared row by row.
struct TableCheck {
    private let form: TableForm
    private var csv: ExpectedBytes
    private var json: ExpectedBytes
    private var isFirst = true

    init(_ form: TableForm, in folder: AuditFolder) throws {
        self.form = form
        csv = try ExpectedBytes(try folder.source(form.name + ".csv"))
        json = try ExpectedBytes(try folder.source(form.name + ".json"))
        try csv.expect(form.csvStart)
        try json.expect(TableForm.jsonStart)
    }

    mutating func expect(_ row: [ReportCell]) throws {
        var bytes: [UInt8] = []
        form.appendCSV(row, to: &bytes)
        try csv.expect(bytes)
        bytes.removeAll(keepingCapacity: true)
        form.appendJSON(row, isFirst: isFirst, to: &bytes)
        try json.expect(bytes)
        isFirst = false
    }

    mutating func finish() throws {
        try csv.finish()
        try json.expect(TableForm.jsonEnd)
        try json.finish()
    }
}
