import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// What a demo makes outside of the folders that it was told.
enum Leftovers {
    /// Where a demo without `--data-dir` keeps its processes' data.
    static func demoFolder(_ demo: Program) -> String { "/tmp/feesvc-demo-\(demo.processID)" }

    /// Tells whether there is something at a path.
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// Ends a demo and takes away its folder and the processes that name it.
    static func clear(_ demo: Program) {
        demo.kill()
        let folder = demoFolder(demo)
        for process in ProcessTable.naming(folder) { kill(process, SIGKILL) }
        try? FileManager.default.removeItem(atPath: folder)
    }
}
