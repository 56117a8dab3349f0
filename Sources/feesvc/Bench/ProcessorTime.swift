import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Processor time that processes have used, as the kernel counts it.
enum ProcessorTime {
    /// Seconds that a process has used, all its threads; with `children`, also those of children that have ended.
    static func seconds(of processID: Int32, children: Bool = false) -> Double {
        guard let fields = stat(processID) else { return 0 }
        let own = fields[11] + fields[12]
        return Double(children ? own + fields[13] + fields[14] : own) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// Seconds that a PostgreSQL cluster has used: the postmaster, its children, and those that have ended.
    static func seconds(ofCluster postmaster: Int32) -> Double {
        children(of: postmaster).reduce(seconds(of: postmaster, children: true)) { $0 + seconds(of: $1) }
    }

    /// The children of a process.
    static func children(of processID: Int32) -> [Int32] {
        let all = (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
        return all.filter { stat($0)?[1] == Int(processID) }
    }

    /// Seconds that this process has used.
    static var own: Double { used(by: __rusage_who_t(RUSAGE_SELF.rawValue)) }

    /// Seconds that the thread has used that asks: RUSAGE_THREAD of getrusage(2).
    static var thread: Double { used(by: __rusage_who_t(1)) }

    private static func used(by who: __rusage_who_t) -> Double {
        var usage = rusage()
        getrusage(who, &usage)
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    /// Seconds that the machine's processors were not idle, by anybody's work, with what a hypervisor took (proc(5)).
    static var machine: Double {
        guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
            let line = text.split(separator: "\n").first
        else { return 0 }
        let fields = line.split(separator: " ").dropFirst().map { Double($0) ?? 0 }
        guard fields.count > 7 else { return 0 }
        // 3 and 4 are idle and waiting for a disk.
        let busy = fields[0] + fields[1] + fields[2] + fields[5] + fields[6] + fields[7]
        return busy / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }

    /// The numbers after the program's name in `/proc/PID/stat`, from the state on (proc(5)): 1 is the parent, 11 and 12
    /// user and system time, 13 and 14 those of children.
    private static func stat(_ processID: Int32) -> [Int]? {
        guard let text = try? String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: end)...].split(separator: " ").map { Int($0) ?? 0 }
        return fields.count > 14 ? fields : nil
    }
}
