import Foundation
import Primitives
import Rewards

/// A file of a report under construction: hashed while it is written, in memory that does not grow with it.
final class ReportFile {
    private static let bufferBytes = 1 << 20

    private let handle: FileHandle
    private var hash = SHA256.Stream()
    private var buffer: [UInt8] = []

    init(_ path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil) else {
            throw OutputFault.unwritable(path: path, reason: "it can't be made")
        }
        handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
    }

    /// Writes what `body` appends.
    func write(_ body: (inout [UInt8]) throws -> Void) throws {
        try body(&buffer)
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    func append(_ bytes: [UInt8]) throws { try write { $0.append(contentsOf: bytes) } }

    private func flush() throws {
        hash.append(buffer)
        try handle.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    /// Ends the file and returns its hash.
    func close() throws -> Bytes32 {
        try flush()
        try handle.close()
        return hash.finish()
    }
}

/// A folder of a report under construction. Its manifest names every file that was opened here.
final class ReportFolder {
    let path: String
    private var files: [(name: String, file: ReportFile)] = []

    init(_ path: String) throws {
        self.path = path
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    /// Opens a new file.
    func file(_ name: String) throws -> ReportFile {
        let file = try ReportFile("\(path)/\(name)")
        files.append((name, file))
        return file
    }

    /// Writes a table that is in memory, as CSV and as JSON.
    func write(_ table: ReportTable) throws {
        try file(table.name + ".csv").append(TableWriter.csv(table))
        try file(table.name + ".json").append(TableWriter.json(table))
    }

    /// Ends all files and writes the manifest.
    func finish() throws {
        var hashes: [String: Bytes32] = [:]
        for (name, file) in files { hashes[name] = try file.close() }
        try Data(EpochExport.manifest(hashes)).write(to: URL(fileURLWithPath: "\(path)/manifest.csv"))
    }
}

/// A table's two files, written row by row.
struct TableFiles {
    private let form: TableForm
    private let csv: ReportFile
    private let json: ReportFile
    private var isFirst = true

    init(_ form: TableForm, in folder: ReportFolder) throws {
        self.form = form
        csv = try folder.file(form.name + ".csv")
        json = try folder.file(form.name + ".json")
        try csv.append(form.csvStart)
        try json.append(TableForm.jsonStart)
    }

    mutating func append(_ row: [ReportCell]) throws {
        try csv.write { form.appendCSV(row, to: &$0) }
        try json.write { form.appendJSON(row, isFirst: isFirst, to: &$0) }
        isFirst = false
    }

    mutating func append(_ row: ChargeLine) throws {
        try csv.write { try row.appendCSV(to: &$0) }
        try json.write { try row.appendJSON(isFirst: isFirst, to: &$0) }
        isFirst = false
    }

    func finish() throws { try json.append(TableForm.jsonEnd) }
}
