import Foundation
import Primitives

#if canImport(Glibc)
import Glibc
#endif

/// A PostgreSQL cluster of the service's own: Unix socket only, fsync on, in the service's data directory.
///
/// PostgreSQL refuses to run as root, so root runs it as the system's `postgres` user.
struct PostgresCluster: Sendable {
    private static let owner = "postgres"

    private let binaries: String
    private let home: String
    private let data: String
    private let socket: String
    private let log: String

    /// Where libpq finds the cluster.
    var connectionString: String { "host=\(socket) port=5432 user=feesvc dbname=feesvc" }

    /// Finds PostgreSQL's programs and the places in `directory`.
    init(directory: String) throws {
        binaries = try Self.findBinaries()
        home = directory + "/postgres"
        data = home + "/data"
        log = home + "/postgres.log"
        let near = home + "/run"
        // A Unix socket's path has at most 107 bytes; PostgreSQL adds /.s.PGSQL.5432.
        let isShort = near.utf8.count <= 90
        socket = isShort ? near : "/tmp/feesvc-" + String(SHA256.hash(Array(near.utf8)).hex.dropFirst(2).prefix(16))
    }

    private static func findBinaries() throws -> String {
        let files = FileManager.default
        let versions = ((try? files.contentsOfDirectory(atPath: "/usr/lib/postgresql")) ?? [])
            .sorted { (Int($0) ?? 0) > (Int($1) ?? 0) }.map { "/usr/lib/postgresql/\($0)/bin" }
        let path = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let found = (versions + path).first { directory in
            ["initdb", "pg_ctl", "postgres"].allSatisfy { files.isExecutableFile(atPath: "\(directory)/\($0)") }
        }
        guard let found else {
            throw OperatorError(
                "PostgreSQL's initdb, pg_ctl and postgres are in none of /usr/lib/postgresql/*/bin and PATH; "
                    + "install it (apt-get install postgresql) or give --database-url.")
        }
        return found
    }

    /// Creates the cluster where there is none, and starts it where it does not run.
    func start() async throws {
        let files = FileManager.default
        for directory in [data, socket] { try makeOwned(directory) }
        try await checkReachable()
        if !files.fileExists(atPath: data + "/PG_VERSION") {
            try await run(
                "initdb", ["-D", data, "-U", "feesvc", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-instructions"])
        }
        if (try? await run("pg_ctl", ["status", "-D", data])) == nil { try await launch() }
        try await createDatabase()
    }

    private func launch() async throws {
        let options = [
            "-c listen_addresses=''", "-c unix_socket_directories='\(socket)'", "-c port=5432", "-c fsync=on",
            "-c synchronous_commit=on", "-c full_page_writes=on", "-c shared_buffers=\(Self.sharedMegabytes)MB",
            // The first change of a page after a checkpoint writes all of it to the WAL, and the charges' unique index is
            // changed all over: seldom checkpoints make a voucher cheaper, at up to that much WAL to replay after a crash.
            "-c max_wal_size=4GB", "-c checkpoint_timeout=15min", "-c max_connections=64", "-c jit=off",
        ].joined(separator: " ")
        try await run("pg_ctl", ["start", "-w", "-t", "60", "-D", data, "-l", log, "-o", options])
    }

    /// An eighth of the machine's memory for pages that are used again and again, from 64 MB to 2 GB.
    private static var sharedMegabytes: UInt64 {
        min(max(ProcessInfo.processInfo.physicalMemory >> 23, 64), 2_048)
    }

    /// How long a server may take to recover what a crash left.
    private static let recovery = Duration.seconds(600)
    /// How long a server that was told to stop may take to do so.
    private static let shutdown = Duration.seconds(20)

    /// Creates the database where there is none. The server may need a moment: after a crash `pg_ctl status` can take the
    /// dead one's process id for a running server, until that id is gone; it may have to recover; and one that was told to
    /// stop while it recovered may hang in its shutdown for ever, and has to be ended.
    private func createDatabase() async throws {
        let clock = ContinuousClock()
        let begin = clock.now
        var attempts = 0
        while true {
            if (try? await run("psql", psql("SELECT 1", database: "feesvc"))) != nil { return }
            do {
                try await run("psql", psql("CREATE DATABASE feesvc", database: "postgres"))
                return
            } catch {
                let words = "\(error)"
                let waited = begin.duration(to: clock.now)
                if words.contains("shutting down") {
                    if waited > Self.shutdown { await stopAtOnce() }
                } else if !words.contains("starting up") && !words.contains("recovery") {
                    attempts += 1
                }
                guard attempts < 10, waited < Self.recovery else { throw error }
                if (try? await run("pg_ctl", ["status", "-D", data])) == nil { try await launch() }
                try await Task.sleep(for: .milliseconds(300))
            }
        }
    }

    private func stopAtOnce() async {
        _ = try? await run("pg_ctl", ["stop", "-m", "immediate", "-w", "-t", "20", "-D", data])
    }

    /// Stops the cluster where it runs, after a start that failed half-way.
    func stopIfStarted() async {
        if processID != nil { await stop() }
    }

    /// Stops the cluster; its sockets go with it.
    func stop() async {
        // A server that recovers when it is told to stop may never do so; ended at once, it recovers at its next start.
        do {
            try await run("pg_ctl", ["stop", "-m", "fast", "-w", "-t", "30", "-D", data])
        } catch {
            await stopAtOnce()
        }
        if !socket.hasPrefix(home) {
            try? FileManager.default.removeItem(atPath: socket)
        }
    }

    /// The process id of the running postmaster.
    var processID: Int32? {
        guard let text = try? String(contentsOfFile: data + "/postmaster.pid", encoding: .utf8) else { return nil }
        return text.split(separator: "\n").first.flatMap { Int32($0) }
    }

    /// Whether the postmaster lives.
    var isRunning: Bool { processID.map { kill($0, 0) == 0 || errno == EPERM } ?? false }

    private func psql(_ statement: String, database: String) -> [String] {
        ["-X", "-q", "-h", socket, "-p", "5432", "-U", "feesvc", "-d", database, "-c", statement]
    }

    private func makeOwned(_ directory: String) throws {
        let files = FileManager.default
        do {
            try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
            var attributes: [FileAttributeKey: Any] = [.posixPermissions: 0o700]
            if geteuid() == 0 {
                guard let user = getpwnam(Self.owner) else {
                    throw OperatorError(
                        "PostgreSQL does not run as root and there is no user \(Self.owner) to run it as; "
                            + "install postgresql, or start feesvc as an ordinary user.")
                }
                attributes[.ownerAccountID] = NSNumber(value: user.pointee.pw_uid)
                attributes[.groupOwnerAccountID] = NSNumber(value: user.pointee.pw_gid)
                try files.setAttributes(
                    [.ownerAccountID: NSNumber(value: user.pointee.pw_uid)], ofItemAtPath: home)
            }
            try files.setAttributes(attributes, ofItemAtPath: directory)
        } catch let error as CocoaError {
            throw OperatorError(
                "The directory \(directory) can't be made: \(Presentation.reason(of: error)); choose another --data-dir."
            )
        }
    }

    private func checkReachable() async throws {
        do {
            try await Command.run(prefix + ["test", "-w", data])
        } catch {
            throw OperatorError(
                "The user that PostgreSQL runs as can't reach \(data): a folder above it is closed to others; "
                    + "choose another --data-dir.")
        }
    }

    private var prefix: [String] { geteuid() == 0 ? ["runuser", "-u", Self.owner, "--"] : [] }

    @discardableResult
    private func run(_ program: String, _ arguments: [String]) async throws -> String {
        try await Command.run(prefix + ["\(binaries)/\(program)"] + arguments)
    }
}
