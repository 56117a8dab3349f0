import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// A folder of a test's own, with the programs that it starts there.
///
/// Every path that a test hands to a program lies below it, so that what a program leaves behind can be found by the
/// folder's name, and everything is gone when the test ends.
final class Workshop: Sendable {
    /// What a program did that has ended.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String

        /// The lines on standard error.
        var complaints: [Substring] { errors.split(separator: "\n") }
    }

    let path: String

    private init() throws {
        path = "/tmp/feesvc-system-" + UUID().uuidString.prefix(13).lowercased()
        try FileManager.default.createDirectory(atPath: path + "/tmp", withIntermediateDirectories: true)
        // PostgreSQL's user has to get through; umask may say otherwise.
        for folder in [path, path + "/tmp"] { chmod(folder, 0o755) }
    }

    /// Gives `body` a folder, and takes away the folder and every process that still names it.
    static func with<Result>(_ body: (Workshop) async throws -> Result) async throws -> Result {
        let workshop = try Workshop()
        defer { workshop.clear() }
        return try await body(workshop)
    }

    /// A new folder for what outlives one function; ``clear()`` has to be called.
    static func open() throws -> Workshop { try Workshop() }

    /// Kills what is left of its processes and removes the folder.
    func clear() {
        for _ in 0..<100 {
            let left = processes
            if left.isEmpty { break }
            for process in left { Glibc.kill(process, SIGKILL) }
            usleep(50_000)
        }
        try? FileManager.default.removeItem(atPath: path)
    }

    /// The path of a file in the folder.
    func callAsFunction(_ name: String) -> String { path + "/" + name }

    /// The processes that name the folder in their arguments or run in it.
    var processes: [pid_t] { ProcessTable.naming(path) }

    /// What programs left in their folder for temporary files.
    var temporaryFiles: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path + "/tmp")) ?? [] }

    /// Writes a file in the folder and returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: some Sequence<UInt8>) throws -> String {
        try Data(bytes).write(to: URL(fileURLWithPath: self(name)))
        return self(name)
    }

    /// Reads a file in the folder.
    func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: self(name)))) }

    /// Starts the program under test.
    func start(_ arguments: [String], named name: String = "feesvc", environment: [String: String] = [:]) throws
        -> Program
    {
        guard FileManager.default.isExecutableFile(atPath: FeesvcBinary.path) else {
            throw Overdue(description: "build \(FeesvcBinary.path) first, or name another in FEESVC_BINARY")
        }
        return try start(words: [FeesvcBinary.path] + arguments, named: name, environment: environment)
    }

    /// Starts any program in the environment of the tests, without what would lead it to another database.
    func start(words: [String], named name: String, environment: [String: String] = [:]) throws -> Program {
        var variables = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("PG") }
        variables["FEESVC_DATABASE_URL"] = nil
        variables["TMPDIR"] = path + "/tmp"
        variables.merge(environment) { _, new in new }
        let run = UUID().uuidString.prefix(8)
        return try Program(
            words, environment: variables, outputPath: self("\(name)-\(run).out"), errorPath: self("\(name)-\(run).err")
        )
    }

    /// Runs the program under test to its end.
    func run(
        _ arguments: [String], seconds: Int = 120, environment: [String: String] = [:]
    ) async throws -> Outcome {
        try await finish(try start(arguments, environment: environment), seconds: seconds)
    }

    /// Runs any program to its end.
    func run(words: [String], seconds: Int = 120) async throws -> Outcome {
        try await finish(try start(words: words, named: "program"), seconds: seconds)
    }

    private func finish(_ program: Program, seconds: Int) async throws -> Outcome {
        let status = try await program.wait(seconds: seconds)
        return Outcome(status: status, output: program.output, errors: program.errors)
    }
}
