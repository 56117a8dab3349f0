import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A program that did not end, or did not do what was waited for, in time.
struct Overdue: Error, CustomStringConvertible {
    let description: String
}

/// A child process in a process group of its own, its output in files.
///
/// Foundation's `Process` waits until every descendant has closed what it inherited, so it never sees the end of a
/// program that leaves a daemon such as PostgreSQL behind.
final class Program: Sendable {
    let processID: pid_t
    let outputPath: String
    let errorPath: String
    private let name: String
    private let status = Mutex<Int32?>(nil)

    /// Starts `words`: a program's path or name on PATH, and its arguments.
    init(_ words: [String], environment: [String: String], outputPath: String, errorPath: String) throws {
        name = words.joined(separator: " ")
        self.outputPath = outputPath
        self.errorPath = errorPath
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        Self.keepDescriptorsToOurselves()
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

        var arguments = words.map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var child = pid_t()
        let failure = posix_spawnp(&child, words[0], &actions, &attributes, &arguments, &variables)
        guard failure == 0 else {
            throw Overdue(description: "\(words[0]) can't be started: \(String(cString: strerror(failure)))")
        }
        processID = child
    }

    /// Marks every descriptor above standard error as closed in children: a daemon would hold them open for good.
    private static func keepDescriptorsToOurselves() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    /// What it has written to standard output so far.
    var output: String { Self.text(outputPath) }
    /// What it has written to standard error so far.
    var errors: String { Self.text(errorPath) }

    private static func text(_ path: String) -> String {
        String(decoding: (try? Data(contentsOf: URL(fileURLWithPath: path))) ?? Data(), as: UTF8.self)
    }

    /// Its exit status, or 128 and the signal that ended it; `nil` while it runs.
    var exitStatus: Int32? {
        status.withLock { status in
            if let status { return status }
            var raw: Int32 = 0
            guard waitpid(processID, &raw, WNOHANG) == processID else { return nil }
            let signal = raw & 0x7f
            status = signal == 0 ? (raw >> 8) & 0xff : 128 + signal
            return status
        }
    }

    /// Waits for its end and returns its status; its group is killed where it does not end in time.
    @discardableResult
    func wait(seconds: Int) async throws -> Int32 {
        do {
            try await eventually(within: seconds, "\(name) to end") { self.exitStatus != nil }
        } catch {
            let said = errors.suffix(2_000)
            kill()
            if error is CancellationError { throw error }
            throw Overdue(description: "\(error); it said: \(said)")
        }
        return exitStatus ?? -1
    }

    /// Waits until `isTrue`, while it runs.
    func wait(seconds: Int, until what: String, _ isTrue: () async throws -> Bool) async throws {
        try await eventually(within: seconds, what) {
            if try await isTrue() { return true }
            guard let status = self.exitStatus else { return false }
            throw Overdue(description: "\(self.name) ended with \(status) before \(what): \(self.errors.suffix(2_000))")
        }
    }

    /// Sends a signal to it, or as a terminal does to its whole group.
    func send(_ signal: Int32, toGroup: Bool = false) {
        guard exitStatus == nil else { return }
        _ = Glibc.kill(toGroup ? -processID : processID, signal)
    }

    /// Kills its group and collects its status.
    func kill() {
        guard exitStatus == nil else { return }
        _ = Glibc.kill(-processID, SIGKILL)
        _ = Glibc.kill(processID, SIGKILL)
        while exitStatus == nil { usleep(10_000) }
    }
}
