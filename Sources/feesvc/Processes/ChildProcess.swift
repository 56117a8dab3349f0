import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A process that the demo starts: this program with other arguments. It stops when its standard input ends, so that it
/// does not outlive the demo even if that is killed.
final class ChildProcess: Sendable {
    let name: String
    let logPath: String
    private let process: SpawnedProcess
    private let peak = Mutex(0)

    /// Starts the program; its output goes to the end of the log file.
    init(name: String, arguments: [String], logPath: String) throws {
        self.name = name
        self.logPath = logPath
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
        process = try SpawnedProcess(
            [program] + arguments + ["--until-stdin-closes"], outputPath: logPath, keepsInputOpen: true)
    }

    var isRunning: Bool { process.isRunning }

    /// Its process id.
    var processID: Int32 { process.processID }

    /// The most memory it has had, in bytes, as far as it was looked at.
    var peakMemory: Int {
        if isRunning, let now = ProcessMemory.peak(of: process.processID) { peak.withLock { $0 = max($0, now) } }
        return peak.withLock { $0 }
    }

    /// Kills it at once, with SIGKILL.
    func killNow() async {
        _ = peakMemory
        process.send(SIGKILL)
        await process.waitForEnd()
    }

    /// Asks it to stop and waits; after `seconds` it is killed.
    func stop(within seconds: Int = 20) async {
        _ = peakMemory
        await process.stop(within: seconds)
    }

    /// The last thing it said, for an error message.
    var lastWords: String {
        let text = (try? String(contentsOfFile: logPath, encoding: .utf8)) ?? ""
        let lines = text.split(separator: "\n")
        return String(lines.last { $0.hasPrefix("feesvc: ") }?.dropFirst(8) ?? lines.last ?? "it said nothing")
    }
}

/// Memory as the kernel counts it.
enum ProcessMemory {
    /// The most resident memory a process has had, in bytes.
    static func peak(of processID: Int32) -> Int? { bytes("VmHWM", of: processID) }

    /// The memory a process has now that it shares with no other, in bytes.
    static func own(of processID: Int32) -> Int? { bytes("RssAnon", of: processID) }

    private static func bytes(_ field: String, of processID: Int32) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/status", encoding: .utf8),
            let line = text.split(separator: "\n").first(where: { $0.hasPrefix(field + ":") }),
            let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Int($0) })
        else { return nil }
        return kilobytes * 1_024
    }
}
