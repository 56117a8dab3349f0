import FoundationEssentials
import Testing

/// A node's time for every rule is that of the newest signed head. So its sources must not ask the machine what time it is.
@Suite struct ClockSourceTests {
    @Test func `P9: no source of the node asks the machine what time it is`() throws {
        let root = #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let folder = "/\(root)/Sources/Node"
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
        #expect(files.count > 60)
        for file in files {
            let text = try String(contentsOfFile: folder + "/" + file, encoding: .utf8)
            for word in ["Date(", "Date.now", "gettimeofday", "time(nil)", "CLOCK_REALTIME", "SystemClock", "UTCClock"]
            {
                #expect(!text.contains(word), "\(file) names \(word)")
            }
        }
    }
}
