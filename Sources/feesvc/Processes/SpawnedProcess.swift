import Foundation
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A child process in a process group of its own, started with `posix_spawn`.
///
/// Foundation's `Process` waits until every descendant has closed an inherited descriptor, so it never sees the end of a
/// program that leaves a daemon behind, as `pg_ctl start` does.
final class SpawnedProcess: Sendable {
    private struct State {
        var status: Int32?
        var waiters: [CheckedContinuation<Int32, Never>] = []
    }

    let processID: pid_t
    /// The end of a pipe that is the child's standard input; `nil` where that is empty.
    private let input: FileHandle?
    private let state: Mutex<State>

    /// Starts `words` (a program's path or name on PATH, and its arguments); output goes to the end of a file.
    init(_ words: [String], outputPath: String, keepsInputOpen: Bool) throws {
        let pipe = keepsInputOpen ? Pipe() : nil
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        if let pipe {
            posix_spawn_file_actions_adddup2(&actions, pipe.fileHandleForReading.fileDescriptor, 0)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        }
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        Self.keepDescriptorsToOurselves()
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK))

        var arguments = words.map { strdup($0) } + [nil]
        var variables = Self.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var child = pid_t()
        let status = posix_spawnp(&child, words[0], &actions, &attributes, &arguments, &variables)
        guard status == 0 else {
            throw OperatorError("\(words[0]) can't be started: \(String(cString: strerror(status))).")
        }
        try? pipe?.fileHandleForReading.close()
        processID = child
        input = pipe?.fileHandleForWriting
        state = Mutex(State())
        // waitpid blocks for as long as the child lives: a thread of its own, not one of the cooperative pool.
        Thread.detachNewThread { [self] in note(Self.wait(for: processID)) }
    }

    /// What a child gets of this process's environment: what is meant for this command, such as FEESVC_PASSPHRASE_FILE, would
    /// change what a child with arguments of its own does.
    private static var environment: [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("FEESVC_") }
    }

    /// Marks every descriptor above standard error as closed in children: a socket or pipe that a child inherits would
    /// live as long as the child does.
    private static func keepDescriptorsToOurselves() {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in names.compactMap({ Int32($0) }) where descriptor > 2 {
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
    }

    private static func wait(for child: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(child, &status, 0) == -1, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    private func note(_ status: Int32) {
        let waiters = state.withLock { state in
            state.status = status
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: status) }
    }

    var isRunning: Bool { state.withLock { $0.status == nil } }

    /// Waits for its end; the status, or 128 and the signal that ended it.
    @discardableResult
    func waitForEnd() async -> Int32 {
        await withCheckedContinuation { continuation in
            let status = state.withLock { state in
                if state.status == nil { state.waiters.append(continuation) }
                return state.status
            }
            if let status { continuation.resume(returning: status) }
        }
    }

    /// Sends it a signal while it runs.
    func send(_ signal: Int32) {
        if isRunning { kill(processID, signal) }
    }

    /// Asks it to stop and waits; after `seconds` it is killed.
    func stop(within seconds: Int) async {
        send(SIGTERM)
        await withTaskGroup { group in
            group.addTask { _ = await self.waitForEnd() }
            group.addTask {
                try? await Task.sleep(for: .seconds(seconds))
                if !Task.isCancelled { self.send(SIGKILL) }
            }
            await group.next()
            group.cancelAll()
        }
        try? input?.close()
    }
}
