import Foundation
import Primitives

/// A file of an exported epoch: on the disk, or already in memory.
struct AuditSource {
    enum Content {
        case file(path: String)
        case bytes([UInt8])
    }

    /// The file's name, for a difference.
    let name: String
    let content: Content

    /// All of a file that is small.
    func bytes() throws -> [UInt8] {
        switch content {
        case .bytes(let bytes): return bytes
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else { throw unreadable }
            return Array(data)
        }
    }

    var unreadable: AuditDifference {
        AuditDifference("manifest.csv", "file \(name)", expected: "readable", found: "not readable")
    }

    /// The SHA-256 of its bytes, read in parts.
    func sha256() throws -> Bytes32 {
        var parts = try ByteParts(self)
        var hash = SHA256.Stream()
        while let part = try parts.next() { hash.append(part) }
        return hash.finish()
    }
}

/// Reads a file in parts, in memory that does not grow with it.
struct ByteParts {
    private static let partBytes = 1 << 21

    private let source: AuditSource
    private let handle: FileHandle?
    private var isDone = false

    init(_ source: AuditSource) throws {
        self.source = source
        switch source.content {
        case .bytes: handle = nil
        case .file(let path):
            guard let opened = FileHandle(forReadingAtPath: path) else { throw source.unreadable }
            handle = opened
        }
    }

    /// The next bytes; `nil` at the end.
    mutating func next() throws -> [UInt8]? {
        guard !isDone else { return nil }
        guard let handle else {
            isDone = true
            guard case .bytes(let bytes) = source.content, !bytes.isEmpty else { return nil }
            return bytes
        }
        let part: Data?
        do {
            part = try handle.read(upToCount: Self.partBytes)
        } catch {
            throw source.unreadable
        }
        guard let part, !part.isEmpty else {
            isDone = true
            try? handle.close()
            return nil
        }
        return Array(part)
    }
}
