import Foundation
import Reports

#if canImport(Glibc)
import Glibc
#endif

/// Why a folder of results can't be written.
enum OutputFault: Error, Hashable {
    /// The disk is full, or files may not grow so large.
    case full(path: String, reason: String)
    /// Something stands under the folder's name that this program did not write.
    case notOurs(path: String, found: String)
    /// The folder can't be made or written there.
    case unwritable(path: String, reason: String)
}

extension OutputFault: CustomStringConvertible {
    var description: String {
        switch self {
        case .full(let path, let reason):
            "\(path) can't be written: \(reason). Nothing is left under that name; make room there, or choose another --out."
        case .notOurs(let path, let found):
            "\(path) is in the way: \(found). Nothing was changed; move it away, or choose another --out."
        case .unwritable(let path, let reason):
            "\(path) can't be written: \(reason). Choose another --out."
        }
    }
}

/// A folder of results that gets its name once all of it is on the disk, in place of the results that had it before.
struct OutputFolder {
    let path: String

    /// Has `body` write the files into a folder under another name. Nothing is left where it throws.
    func write(_ body: (_ draft: String) async throws -> Void) async throws {
        try checkReplaceable()
        let draft = path + ".part"
        let files = FileManager.default
        // A file that may not grow is a full disk here, not the end of the program.
        signal(SIGXFSZ, SIG_IGN)
        do {
            try? files.removeItem(atPath: draft)
            try files.createDirectory(atPath: draft, withIntermediateDirectories: true)
            try await body(draft)
            try? files.removeItem(atPath: path)
            try files.moveItem(atPath: draft, toPath: path)
        } catch {
            try? files.removeItem(atPath: draft)
            if case .workbook(let reason) = error as? ReportError {
                throw OutputFault.unwritable(path: path, reason: "\(reason), the disk may be full")
            }
            guard let error = error as? CocoaError else { throw error }
            let reason = Presentation.reason(of: error)
            throw Self.isFull(error)
                ? OutputFault.full(path: path, reason: reason) : .unwritable(path: path, reason: reason)
        }
    }

    /// Throws unless the place is free, or holds what a manifest of ours names and nothing else.
    private func checkReplaceable() throws(OutputFault) {
        let files = FileManager.default
        var isFolder: ObjCBool = false
        guard files.fileExists(atPath: path, isDirectory: &isFolder) else { return }
        guard isFolder.boolValue, let names = try? files.contentsOfDirectory(atPath: path) else {
            throw .notOurs(path: path, found: "it is a file")
        }
        let manifest = (try? Data(contentsOf: URL(fileURLWithPath: "\(path)/manifest.csv"))) ?? Data()
        let known = String(decoding: manifest, as: UTF8.self).split(separator: "\r\n").dropFirst()
            .compactMap { $0.split(separator: ",").first.map(String.init) }
        let strange = Set(names).subtracting(known).subtracting(["manifest.csv", "manifest.sig"])
        if let name = strange.min() { throw .notOurs(path: path, found: "it holds \(name), which is not of a report") }
    }

    private static func isFull(_ error: CocoaError) -> Bool {
        let cause = error.userInfo[NSUnderlyingErrorKey]
        let code = (cause as? POSIXError)?.code.rawValue ?? (cause as? NSError).map { Int32(clamping: $0.code) }
        return error.code == .fileWriteOutOfSpace || [ENOSPC, EDQUOT, EFBIG].contains(code)
    }
}
