import Foundation

/// A folder for files that are too large for memory, gone when the work is done.
struct ScratchFolder {
    /// A file that is being written there.
    struct Writer {
        let path: String
        fileprivate let handle: FileHandle

        func write(_ bytes: [UInt8]) throws {
            do {
                try handle.write(contentsOf: bytes)
            } catch {
                throw ScratchFolder.failure(path, error)
            }
        }

        func close() throws {
            do {
                try handle.close()
            } catch {
                throw ScratchFolder.failure(path, error)
            }
        }
    }

    let path: String

    /// Runs `body` with a folder of mode 0700 below TMPDIR, or /tmp.
    static func with<Value>(_ body: (ScratchFolder) async throws -> Value) async throws -> Value {
        let place = FileManager.default.temporaryDirectory.path
        let folder = ScratchFolder(path: place + "/feesvc-" + UUID().uuidString.lowercased())
        do {
            try FileManager.default.createDirectory(
                atPath: folder.path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        } catch {
            throw OperatorError(
                "No folder can be made in \(place): \(Presentation.reason(of: error)); name another in TMPDIR.")
        }
        defer { try? FileManager.default.removeItem(atPath: folder.path) }
        return try await body(folder)
    }

    /// Makes a file in it.
    func create(_ name: String) throws -> Writer {
        let place = path + "/" + name
        guard FileManager.default.createFile(atPath: place, contents: nil),
            let handle = FileHandle(forWritingAtPath: place)
        else {
            throw OperatorError("\(place) can't be written; name another folder in TMPDIR.")
        }
        return Writer(path: place, handle: handle)
    }

    private static func failure(_ path: String, _ error: any Error) -> OperatorError {
        OperatorError(
            "\(path) can't be written: \(Presentation.reason(of: error)); make room there, or name another folder in "
                + "TMPDIR.")
    }
}
