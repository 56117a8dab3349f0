import Foundation
import Primitives

/// A copy of a demo's reports that a test may spoil.
struct ReportCopy {
    /// The folder that holds the epochs.
    let path: String

    init(of reports: String, in workshop: Workshop) throws {
        path = workshop("reports")
        try? FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: reports, toPath: path)
    }

    /// The path of an epoch's file.
    func file(_ name: String, epoch: Int) -> String { "\(path)/epoch-000\(epoch)/\(name)" }

    /// A file's content.
    func text(_ name: String, epoch: Int) throws -> String {
        String(decoding: try Data(contentsOf: URL(fileURLWithPath: file(name, epoch: epoch))), as: UTF8.self)
    }

    /// Changes the digit at `place` of a file, counted in bytes, and makes the manifest agree with the change.
    func changeDigit(at place: Int, of name: String, epoch: Int) throws {
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: file(name, epoch: epoch))))
        guard bytes.indices.contains(place), (0x30...0x39).contains(bytes[place]) else {
            throw Overdue(description: "there is no digit at \(place) of \(name)")
        }
        bytes[place] = bytes[place] == 0x31 ? 0x32 : 0x31
        try Data(bytes).write(to: URL(fileURLWithPath: file(name, epoch: epoch)))
        try rehash(name, SHA256.hash(bytes).hex, epoch: epoch)
    }

    /// Puts a file's new hash into the manifest, as somebody would who wants the change to go unseen.
    private func rehash(_ name: String, _ hash: String, epoch: Int) throws {
        let lines = try text("manifest.csv", epoch: epoch).split(separator: "\r\n").map { line in
            line.hasPrefix(name + ",") ? "\(name),\(hash)" : String(line)
        }
        guard lines.contains("\(name),\(hash)") else {
            throw Overdue(description: "the manifest does not name \(name)")
        }
        let content = lines.map { $0 + "\r\n" }.joined()
        try Data(content.utf8).write(to: URL(fileURLWithPath: file("manifest.csv", epoch: epoch)))
    }
}
