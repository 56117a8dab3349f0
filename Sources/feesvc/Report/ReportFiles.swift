import Foundation
import Ledger
import Primitives
import Reports
import Rewards
import Storage

/// The formats of a report.
enum ReportFormat: String, CaseIterable, Sendable {
    case json, csv, xlsx, hledger, ledger, beancount
}

/// A file that a format is written to, hashed as it grows.
final class FileSink: ByteSink {
    private let handle: FileHandle

    init(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw OutputFault.unwritable(path: path, reason: "it can't be made")
        }
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    func append(_ bytes: [UInt8]) throws { try handle.write(contentsOf: bytes) }

    /// Returns when everything is on the disk.
    func close() throws {
        try handle.synchronize()
        try handle.close()
    }
}

/// Writes a report's files into a folder that gets its name once all of them are whole.
struct ReportFiles {
    /// The folder's name.
    let name: String
    let formats: Set<ReportFormat>
    /// Hands the report's entries on.
    let journal: (inout ReportRun) async throws -> Void
    /// Writes lists that no other format holds; each file is made by its name.
    let lists: ((String) throws -> FileSink) async throws -> Void

    init(
        name: String, formats: Set<ReportFormat>, journal: @escaping (inout ReportRun) async throws -> Void,
        lists: @escaping ((String) throws -> FileSink) async throws -> Void = { _ in }
    ) {
        self.name = name
        self.formats = formats
        self.journal = journal
        self.lists = lists
    }

    /// Those of the books of a period.
    init(transaction: Transaction, period: ReportPeriod, formats: Set<ReportFormat>) {
        self.init(name: "report-\(period.name)", formats: formats) { run in
            try await LedgerStore(transaction).forEachEntry(period.entries) { entry, _ in try run.append(entry) }
        }
    }

    /// Writes the folder below `parent` and returns its path. Nothing is left below that name where it throws.
    func write(_ report: Report, under parent: String, sign: ([UInt8]) -> Signature?) async throws -> String {
        let folder = OutputFolder(path: "\(parent)/\(name)")
        try await folder.write { draft in
            try await write(report, to: draft)
            try writeManifest(draft, sign: sign)
        }
        return folder.path
    }

    private func write(_ report: Report, to folder: String) async throws {
        var sinks: [FileSink] = []
        func sink(_ name: String) throws -> FileSink {
            let sink = try FileSink("\(folder)/\(name)")
            sinks.append(sink)
            return sink
        }
        var writers: [any ReportWriter] = []
        for format in ReportFormat.allCases where formats.contains(format) {
            switch format {
            case .json: writers.append(JSONReport(to: try sink("report.json")))
            case .csv: writers.append(CSVJournal(to: try sink("journal.csv")))
            case .xlsx: writers.append(try XLSXReport(path: "\(folder)/report.xlsx", temporaryFolder: folder))
            case .hledger: writers.append(PlainTextJournal(.hledger, to: try sink("report.hledger")))
            case .ledger: writers.append(PlainTextJournal(.ledger, to: try sink("report.ledger")))
            case .beancount: writers.append(PlainTextJournal(.beancount, to: try sink("report.beancount")))
            }
        }
        var run = try ReportRun(report, writers: writers)
        try await journal(&run)
        try run.finish()
        if formats.contains(.csv) {
            for schedule in report.schedules {
                try sink("\(schedule.table.name).csv").append(CSVText.table(schedule.table))
            }
        }
        try await lists(sink)
        for sink in sinks { try sink.close() }
    }

    /// `manifest.csv`: each file's SHA-256; `manifest.sig`: the signature over that file, where there is a key.
    private func writeManifest(_ folder: String, sign: ([UInt8]) -> Signature?) throws {
        var hashes: [String: Bytes32] = [:]
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            hashes[name] = try Self.hash("\(folder)/\(name)")
        }
        let manifest = EpochExport.manifest(hashes)
        try Data(manifest).write(to: URL(fileURLWithPath: "\(folder)/manifest.csv"))
        if let signature = sign(manifest) {
            try Data("\(signature.hex)\n".utf8).write(to: URL(fileURLWithPath: "\(folder)/manifest.sig"))
        }
    }

    private static func hash(_ path: String) throws -> Bytes32 {
        let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
        defer { try? handle.close() }
        var hash = SHA256.Stream()
        while let part = try handle.read(upToCount: 1 << 20), !part.isEmpty { hash.append(Array(part)) }
        return hash.finish()
    }
}
