#if canImport(Glibc)
import Glibc
#endif

/// Processor time as the kernel counts it.
enum ThreadClock {
    /// Seconds that this thread has used.
    static var seconds: Double { seconds(CLOCK_THREAD_CPUTIME_ID) }

    /// Seconds that this process has used.
    static var processSeconds: Double { seconds(CLOCK_PROCESS_CPUTIME_ID) }

    private static func seconds(_ clock: clockid_t) -> Double {
        var time = timespec()
        clock_gettime(clock, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}
