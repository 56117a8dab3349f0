import Foundation

/// The program under test: the debug build next to these tests, or what FEESVC_BINARY names.
enum FeesvcBinary {
    static let path: String = {
        if let path = ProcessInfo.processInfo.environment["FEESVC_BINARY"] { return path }
        let root = URL(fileURLWithPath: #filePath)
            .deletingLastPathComponent()  // Support
            .deletingLastPathComponent()  // SystemTests
            .deletingLastPathComponent()  // Tests
            .deletingLastPathComponent()
        return root.path + "/.build/debug/feesvc"
    }()
}
