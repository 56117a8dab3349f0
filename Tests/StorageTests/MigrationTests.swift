import FoundationEssentials
import Storage
import Testing

@Suite(.serialized) struct MigrationTests {
    private static let files = [
        "0001_accounts.sql": "CREATE TABLE accounts (id bigint PRIMARY KEY); INSERT INTO accounts VALUES (1);",
        "0002_charges.sql": "CREATE TABLE charges (account bigint REFERENCES accounts);",
        "README.md": "Not a migration.",
    ]

    @Test func `migrations are applied once, in order, and recorded`() async throws {
        try await withTestDatabase { configuration in
            let runner = try runner(Self.files)
            #expect(try await runner.run(configuration).map(\.fileName) == ["0001_accounts.sql", "0002_charges.sql"])
            #expect(try await runner.run(configuration).isEmpty)
            let connection = try await PostgresConnection.connect(configuration)
            let rows = try await connection.query("SELECT number, name, sha256 FROM schema_migrations ORDER BY number")
            #expect(try rows.map { try $0.text("name") } == ["accounts", "charges"])
            #expect(try rows[0].bytes("sha256") == digest(Array(Self.files["0001_accounts.sql", default: ""].utf8)))
            #expect(try await connection.query("SELECT id FROM accounts").count == 1)
            await connection.close()
        }
    }

    @Test func `a later migration is applied to a database that has the earlier ones`() async throws {
        try await withTestDatabase { configuration in
            _ = try await runner(Self.files).run(configuration)
            var files = Self.files
            files["0003_more.sql"] = "ALTER TABLE accounts ADD name text"
            #expect(try await runner(files).run(configuration).map(\.number) == [3])
        }
    }

    @Test func `two runners at once apply each migration once`() async throws {
        try await withTestDatabase { configuration in
            var files = Self.files
            files["0003_slow.sql"] = "SELECT pg_sleep(0.2); CREATE TABLE slow ()"
            let runner = try runner(files)
            async let first = runner.run(configuration)
            async let second = runner.run(configuration)
            let applied = try await [first, second].map { $0.map(\.number) }
            #expect(applied.contains([1, 2, 3]))
            #expect(applied.contains([]))
        }
    }

    @Test func `a changed, renamed or unknown applied migration is refused`() async throws {
        try await withTestDatabase { configuration in
            _ = try await runner(Self.files).run(configuration)

            var changed = Self.files
            changed["0001_accounts.sql"]? += " "
            await #expect(throws: MigrationError.checksumMismatch(file: "0001_accounts.sql")) {
                try await runner(changed).run(configuration)
            }
            var renamed = Self.files
            renamed["0002_debits.sql"] = renamed.removeValue(forKey: "0002_charges.sql")
            await #expect(throws: MigrationError.renamed(file: "0002_debits.sql", appliedName: "charges")) {
                try await runner(renamed).run(configuration)
            }
            var older = Self.files
            older["0002_charges.sql"] = nil
            await #expect(throws: MigrationError.databaseNewer(applied: 2, known: 1)) {
                try await runner(older).run(configuration)
            }
            let connection = try await PostgresConnection.connect(configuration)
            try await connection.execute("DELETE FROM schema_migrations WHERE number = 1")
            await #expect(throws: MigrationError.notRecorded(file: "0001_accounts.sql")) {
                try await runner(Self.files).run(configuration)
            }
            await connection.close()
        }
    }

    @Test func `a failed migration is rolled back and those before it stay`() async throws {
        try await withTestDatabase { configuration in
            var files = Self.files
            files["0003_bad.sql"] = "CREATE TABLE half (); SELECT * FROM nowhere"
            let error = await #expect(throws: MigrationError.self) { try await runner(files).run(configuration) }
            guard case .failed("0003_bad.sql", let cause) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(cause.sqlState == .undefinedTable)
            #expect(error?.description.contains("\"nowhere\" does not exist") == true)
            files["0003_bad.sql"] = "CREATE TABLE half ()"
            let applied = try await runner(files).run(configuration)
            #expect(applied.map(\.number) == [3])
        }
    }

    @Test func `a migration that ends its transaction is refused`() async throws {
        try await withTestDatabase { configuration in
            let error = await #expect(throws: MigrationError.self) {
                try await runner(["0001_a.sql": "CREATE TABLE a (); COMMIT; CREATE TABLE b ()"]).run(configuration)
            }
            guard case .failed("0001_a.sql", .protocolViolation) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func `a directory with a gap, a repeat or a bad name is refused`() throws {
        #expect(throws: MigrationError.outOfOrder(file: "0003_c.sql", expectedNumber: 2)) {
            try runner(["0001_a.sql": "SELECT 1", "0003_c.sql": "SELECT 1"])
        }
        #expect(throws: MigrationError.outOfOrder(file: "0000_a.sql", expectedNumber: 1)) {
            try runner(["0000_a.sql": "SELECT 1"])
        }
        #expect(throws: MigrationError.outOfOrder(file: "0001_b.sql", expectedNumber: 2)) {
            try runner(["0001_a.sql": "SELECT 1", "0001_b.sql": "SELECT 1"])
        }
        for name in ["1_a.sql", "0001a.sql", "0001_.sql", "0001_A.sql", "0001_a-b.sql", "00011_a.sql", ".sql"] {
            #expect(throws: MigrationError.badFileName(file: name)) { try runner([name: "SELECT 1"]) }
        }
        #expect(throws: MigrationError.unreadable(path: "/nonexistent")) {
            try MigrationRunner(directory: "/nonexistent", sha256: digest)
        }
    }

    /// A runner for a directory of these files, which is gone when it returns.
    private func runner(_ files: [String: String]) throws -> MigrationRunner {
        let directory = FileManager.default.temporaryDirectory.path + "/migrations-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for (name, text) in files {
            guard FileManager.default.createFile(atPath: "\(directory)/\(name)", contents: Data(text.utf8)) else {
                throw NeverHappened()
            }
        }
        return try MigrationRunner(directory: directory, sha256: digest)
    }
}

/// Stands in for SHA-256, which this module does not have: 32 bytes that depend on all input.
private func digest(_ input: [UInt8]) -> [UInt8] {
    (0..<32).map { lane in
        let hash = input.reduce(14_695_981_039_346_656_037 &+ UInt64(lane)) { ($0 ^ UInt64($1)) &* 1_099_511_628_211 }
        return UInt8(truncatingIfNeeded: hash >> 24)
    }
}
