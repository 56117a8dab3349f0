/// Brings a database's schema up to the program's migrations.
///
/// Applied migrations are recorded in the table `schema_migrations` with their SHA-256. An advisory lock lets one runner
/// of several work; the others find its work done.
public struct MigrationRunner: Sendable {
    /// The migrations in order.
    public let migrations: [Migration]

    private let sha256: @Sendable ([UInt8]) -> [UInt8]

    /// The advisory lock's key: the bytes "feesvc" and a number.
    private static let lockKey: Int64 = 0x6665_6573_7663_0001

    /// How long to wait for another runner's migrations, in milliseconds.
    private static let lockTimeoutMilliseconds = 600_000

    /// Takes the migrations from a directory of `NNNN_name.sql` files, numbered from 0001 without gaps.
    public init(
        directory: String,
        sha256: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) throws(MigrationError) {
        try self.init(migrations: Migration.load(directory: directory), sha256: sha256)
    }

    /// Takes the migrations as they are; they must be in order and numbered from 1 without gaps.
    public init(
        migrations: [Migration],
        sha256: @escaping @Sendable ([UInt8]) -> [UInt8]
    ) throws(MigrationError) {
        for (index, migration) in migrations.enumerated() where migration.number != index + 1 {
            throw .outOfOrder(file: migration.fileName, expectedNumber: index + 1)
        }
        self.migrations = migrations
        self.sha256 = sha256
    }

    /// Applies what the database lacks, each migration in a transaction of its own, on a connection of its own and without
    /// a statement timeout.
    /// - Returns: the migrations applied now, none when the database was up to date.
    public func run(_ configuration: PostgresConfiguration) async throws(MigrationError) -> [Migration] {
        var unhurried = configuration
        unhurried.statementTimeoutMilliseconds = 0
        let connection: PostgresConnection
        do throws(PostgresError) {
            connection = try await PostgresConnection.connect(unhurried)
        } catch {
            throw .database(error)
        }
        // The lock is freed with the session, whatever happens.
        do throws(MigrationError) {
            let applied = try await run(on: connection)
            await connection.close()
            return applied
        } catch {
            await connection.close()
            throw error
        }
    }
}

extension MigrationRunner {
    private func run(on connection: PostgresConnection) async throws(MigrationError) -> [Migration] {
        let records: [Record]
        do throws(PostgresError) {
            try await lock(connection)
            records = try await recorded(connection)
        } catch {
            throw error.sqlState == .lockNotAvailable ? .locked : .database(error)
        }
        try check(records)
        let pending = Array(migrations.dropFirst(records.count))
        for migration in pending { try await apply(migration, on: connection) }
        return pending
    }

    private func lock(_ connection: PostgresConnection) async throws(PostgresError) {
        try await connection.executeScript("SET lock_timeout = \(Self.lockTimeoutMilliseconds)")
        _ = try await connection.query("SELECT pg_advisory_lock(\(Self.lockKey))")
        try await connection.executeScript("RESET lock_timeout")
    }

    private struct Record {
        let number: Int64
        let name: String
        let sha256: [UInt8]
    }

    /// What was applied, in order.
    ///
    /// Makes the table on first use; under the lock, so no two runners do at once.
    private func recorded(_ connection: PostgresConnection) async throws(PostgresError) -> [Record] {
        try await connection.executeScript(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (
                number bigint PRIMARY KEY CHECK (number > 0),
                name text NOT NULL,
                sha256 bytea NOT NULL CHECK (octet_length(sha256) = 32),
                applied_at timestamptz NOT NULL DEFAULT now()
            )
            """
        )
        let rows = try await connection.query("SELECT number, name, sha256 FROM schema_migrations ORDER BY number")
        var records: [Record] = []
        for row in rows {
            try records.append(Record(number: row.int("number"), name: row.text("name"), sha256: row.bytes("sha256")))
        }
        return records
    }

    /// Refuses a database whose history is not a beginning of this program's.
    private func check(_ records: [Record]) throws(MigrationError) {
        let known = Int64(migrations.count)
        if let last = records.last, last.number > known {
            throw .databaseNewer(applied: last.number, known: known)
        }
        // Ascending unique numbers that end at or below the count: the first one out of step shows a hole.
        for (record, migration) in zip(records, migrations) {
            guard record.number == Int64(migration.number) else { throw .notRecorded(file: migration.fileName) }
            guard record.name == migration.name else {
                throw .renamed(file: migration.fileName, appliedName: record.name)
            }
            guard record.sha256 == sha256(Array(migration.sql.utf8)) else {
                throw .checksumMismatch(file: migration.fileName)
            }
        }
    }

    private func apply(_ migration: Migration, on connection: PostgresConnection) async throws(MigrationError) {
        let checksum = sha256(Array(migration.sql.utf8))
        do {
            try await connection.withTransaction { transaction in
                try await transaction.executeScript(migration.sql)
                try await transaction.execute(
                    """
                    INSERT INTO schema_migrations (number, name, sha256)
                    VALUES (\(migration.number), \(migration.name), \(checksum))
                    """
                )
            }
        } catch {
            // The body throws nothing else.
            let cause = error as? PostgresError ?? .protocolViolation(message: "\(type(of: error))")
            throw .failed(file: migration.fileName, cause)
        }
    }
}
