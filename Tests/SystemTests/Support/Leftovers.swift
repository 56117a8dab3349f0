import Foundation

/// What a demo makes outside of the folders that it was told.
enum Leftovers {
    /// Where a demo without `--data-dir` keeps its processes' data.
    static func demoFolder(_ demo: Program) -> String { "/tmp/feesvc-demo-\(demo.processID)" }

    /// Tells whether there is something at a path.
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }
}
