import ArgumentParser
import Foundation
import Storage

/// How commands speak to people.
enum Presentation {
    /// Runs a command's work; what goes wrong becomes one sentence on standard error and exit status 1.
    static func reportingErrors(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as ExitCode {
            throw error
        } catch is CancellationError {
            throw ExitCode(130)
        } catch {
            FileHandle.standardError.write(Data("feesvc: \(error)\n".utf8))
            throw ExitCode(1)
        }
    }
}

extension Presentation {
    /// Why a file operation failed, in the system's words.
    static func reason(of error: any Error) -> String {
        let cause = (error as? CocoaError)?.userInfo[NSUnderlyingErrorKey]
        if let code = (cause as? POSIXError)?.code.rawValue { return String(cString: strerror(Int32(code))) }
        if let system = cause as? NSError, system.domain == NSPOSIXErrorDomain {
            return String(cString: strerror(Int32(system.code)))
        }
        switch (error as? CocoaError)?.code {
        case .fileWriteNoPermission?, .fileReadNoPermission?: return "permission denied"
        case .fileWriteOutOfSpace?: return "no space left on the device"
        case .fileWriteVolumeReadOnly?: return "the file system is read-only"
        case .fileNoSuchFile?, .fileReadNoSuchFile?: return "there is no such file or folder"
        default: return "it can't be made there, a part of the path may be a file"
        }
    }
}

/// The directory that a service or node keeps its state in.
enum DataDirectory {
    private static let version = "1"

    /// Makes the directory where there is none, and refuses one of another kind or version.
    static func prepare(_ path: String, kind: String) throws {
        let files = FileManager.default
        let marker = path + "/feesvc-\(kind)"
        let expected = "feesvc \(kind) data, version \(version)\n"
        if let found = try? String(contentsOfFile: marker, encoding: .utf8) {
            guard found == expected else {
                throw OperatorError(
                    "\(path) holds \(found.trimmingCharacters(in: .whitespacesAndNewlines)), this program needs version "
                        + "\(version); use the program that made it, or another --data-dir.")
            }
            return
        }
        do {
            try files.createDirectory(atPath: path, withIntermediateDirectories: true)
            guard try files.contentsOfDirectory(atPath: path).allSatisfy({ $0 == "keys" || $0 == "node.key" }) else {
                throw OperatorError("\(path) is not empty and holds no feesvc \(kind) data; choose another --data-dir.")
            }
            try Data(expected.utf8).write(to: URL(fileURLWithPath: marker), options: .atomic)
        } catch let error as CocoaError {
            throw OperatorError(
                "The data directory \(path) can't be written: \(Presentation.reason(of: error)); choose another --data-dir."
            )
        }
    }

    /// The path from the root.
    static func absolute(_ path: String) -> String {
        path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
    }
}
