import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// The processes of the machine, from /proc.
enum ProcessTable {
    /// The processes other than this one that name `path` in their arguments or have it as working directory, as
    /// PostgreSQL's helpers have.
    static func naming(_ path: String) -> [pid_t] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { pid_t($0) }.filter { $0 != getpid() && isNaming($0, path) }.sorted()
    }

    private static func isNaming(_ process: pid_t, _ path: String) -> Bool {
        if let folder = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/cwd"),
            folder == path || folder.hasPrefix(path + "/")
        {
            return true
        }
        let arguments = (try? Data(contentsOf: URL(fileURLWithPath: "/proc/\(process)/cmdline"))) ?? Data()
        return arguments.split(separator: 0).contains { isPart(path, of: String(decoding: $0, as: UTF8.self)) }
    }

    /// Tells whether `path` stands in `text` as a whole: what follows is no part of a longer name.
    private static func isPart(_ path: String, of text: String) -> Bool {
        text.ranges(of: path).contains { range in
            range.upperBound == text.endIndex || !(text[range.upperBound].isLetter || text[range.upperBound].isNumber)
        }
    }
}
