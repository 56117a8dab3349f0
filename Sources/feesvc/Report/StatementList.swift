import Primitives
import Rewards

/// A list of a statement that is written row by row, as CSV, JSON, both or neither: it is never in memory as a whole.
struct StatementList {
    private static let blockBytes = 1 << 16

    private let form: TableForm
    private let csv: FileSink?
    private let json: FileSink?
    private var csvText: [UInt8] = []
    private var jsonText: [UInt8] = []
    /// How many rows were written.
    private(set) var count: UInt64 = 0

    /// Begins the files `name.csv` and `name.json`, as far as the formats ask for them.
    init(
        _ name: String, columns: [String], _ formats: Set<ReportFormat>, file: (String) throws -> FileSink
    ) throws {
        form = TableForm(name: name, columns: columns)
        csv = formats.contains(.csv) ? try file(name + ".csv") : nil
        json = formats.contains(.json) ? try file(name + ".json") : nil
        csvText = form.csvStart
        jsonText = TableForm.jsonStart
    }

    mutating func append(_ row: [ReportCell]) throws {
        if csv != nil { form.appendCSV(row, to: &csvText) }
        if json != nil { form.appendJSON(row, isFirst: count == 0, to: &jsonText) }
        count += 1
        if max(csvText.count, jsonText.count) >= Self.blockBytes { try pass() }
    }

    mutating func finish() throws {
        jsonText += TableForm.jsonEnd
        try pass()
    }

    private mutating func pass() throws {
        try csv?.append(csvText)
        try json?.append(jsonText)
        csvText.removeAll(keepingCapacity: true)
        jsonText.removeAll(keepingCapacity: true)
    }
}
