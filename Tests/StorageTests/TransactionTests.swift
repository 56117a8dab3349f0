import Storage
import Testing

@Suite(.serialized) struct TransactionTests {
    @Test func `it commits when the body returns and rolls back when it throws`() async throws {
        struct Refused: Error {}
        try await withTable { pool in
            try await pool.withTransaction { _ = try await $0.execute("INSERT INTO t VALUES (1, 10)") }
            await #expect(throws: Refused.self) {
                try await pool.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (2, 20)")
                    throw Refused()
                }
            }
            #expect(try await ids(pool) == [1])
        }
    }

    @Test(arguments: [("off", "on"), ("on", "on"), ("local", "local"), ("remote_apply", "remote_apply")])
    func `a commit is on the server's disk when it is answered, whatever the database was told`(
        setting: String, expected: String
    ) async throws {
        try await withTestDatabase { configuration in
            let first = try await PostgresConnection.connect(configuration)
            let name = try await first.query("SELECT current_database()::text AS name")[0].text("name")
            try await first.executeScript("ALTER DATABASE \(name) SET synchronous_commit = \(setting)")
            await first.close()
            let second = try await PostgresConnection.connect(configuration)
            let rows = try await second.query("SELECT current_setting('synchronous_commit') AS setting")
            #expect(try rows[0].text("setting") == expected)
            await second.close()
        }
    }

    @Test func `two conflicting serializable transactions both succeed through a retry`() async throws {
        try await withTable { pool in
            let bothHaveRead = Rendezvous(parties: 2)
            let attempts = Record<Void>()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in [1, 2] {
                    group.addTask {
                        var isFirst = true
                        try await pool.withTransaction(isolation: .serializable) { transaction in
                            attempts.append(())
                            let rows = try await transaction.query(
                                "SELECT coalesce(sum(value), 0)::bigint AS total FROM t"
                            )
                            let total = try rows[0].int("total")
                            if isFirst { await bothHaveRead.arrive() }
                            isFirst = false
                            try await transaction.execute("INSERT INTO t VALUES (\(id), \(total + 1))")
                        }
                    }
                }
                try await group.waitForAll()
            }
            // One after the other: the second sees the first's 1 and writes 2.
            let values = try await pool.query("SELECT value FROM t ORDER BY value").map { try $0.int("value") }
            #expect(values == [1, 2])
            #expect(attempts.events.count == 3)
        }
    }

    @Test func `a deadlock is resolved by a retry`() async throws {
        try await withTable { pool in
            try await pool.execute("INSERT INTO t VALUES (1, 0), (2, 0)")
            let bothHoldOne = Rendezvous(parties: 2)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for order in [[1, 2], [2, 1]] {
                    group.addTask {
                        var isFirst = true
                        try await pool.withTransaction { transaction in
                            try await transaction.execute("SET LOCAL deadlock_timeout = '50ms'")
                            try await transaction.execute("UPDATE t SET value = value + 1 WHERE id = \(order[0])")
                            if isFirst { await bothHoldOne.arrive() }
                            isFirst = false
                            try await transaction.execute("UPDATE t SET value = value + 1 WHERE id = \(order[1])")
                        }
                    }
                }
                try await group.waitForAll()
            }
            let values = try await pool.query("SELECT value FROM t").map { try $0.int("value") }
            #expect(values == [2, 2])
        }
    }

    @Test func `a conflict wrapped by the body is retried, another failure is not, and retries are capped`()
        async throws
    {
        try await withTable { pool in
            for (state, retries, attempts) in [
                ("40001", 2, 3), ("40P01", 1, 2), ("40001", 0, 1), ("23505", 5, 1), ("40003", 5, 1),
            ] {
                let runs = Record<Void>()
                await #expect(throws: Wrapped.self) {
                    try await pool.withTransaction(retries: retries) { transaction in
                        runs.append(())
                        try await raise(state, in: transaction)
                    }
                }
                #expect(runs.events.count == attempts, "SQLSTATE \(state)")
            }
        }
    }

    private struct Wrapped: Error {}

    /// Fails with the SQLSTATE inside the server and with another error outside.
    private func raise(_ state: String, in transaction: Transaction) async throws {
        do {
            let raise = "DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '\(state)'; END $$"
            try await transaction.execute("\(unescaped: raise)")
        } catch {
            throw Wrapped()
        }
    }

    @Test func `a failure the body swallows is thrown instead of a commit`() async throws {
        try await withTable { pool in
            try await pool.execute("INSERT INTO t VALUES (1, 10)")
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (2, 20)")
                    _ = try? await transaction.execute("INSERT INTO t VALUES (1, 11)")
                    _ = try? await transaction.query("SELECT 1")
                }
            }
            #expect(error?.sqlState == .uniqueViolation)
            #expect(error?.constraint == "t_pkey")
            #expect(try await ids(pool) == [1])
        }
    }

    @Test func `a connection lost during COMMIT leaves the outcome unknown and is not retried`() async throws {
        try await withTable { pool in
            try await pool.withConnection { connection in
                try await connection.executeScript(
                    """
                    CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS
                        $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(5); RETURN NULL; END $$;
                    CREATE CONSTRAINT TRIGGER die AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED
                        FOR EACH ROW EXECUTE FUNCTION die();
                    """
                )
            }
            let attempts = Record<Void>()
            await #expect(throws: PostgresError.commitUnknown) {
                try await pool.withTransaction { transaction in
                    attempts.append(())
                    try await transaction.execute("INSERT INTO t VALUES (1, 10)")
                }
            }
            #expect(attempts.events.count == 1)
            #expect(try await ids(pool) == [])
        }
    }

    @Test func `a connection lost before COMMIT is known not to have committed`() async throws {
        try await withTable { pool in
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction { transaction in
                    try await transaction.execute("INSERT INTO t VALUES (1, 10)")
                    let pid = try await transaction.query("SELECT pg_backend_pid() AS pid")[0].int("pid")
                    try await terminate(pid, through: pool)
                }
            }
            #expect(error == .connectionFailed(message: "the connection was lost before COMMIT"))
            let committed = try await ids(pool)
            #expect(committed.isEmpty)
        }
    }

    @Test func `a transaction that escapes its closure is closed, also when the next one is open`() async throws {
        try await withTestConnection { connection in
            let escaped = try await connection.withTransaction { $0 }
            await #expect(throws: PostgresError.closed) { try await escaped.query("SELECT 1") }
            try await connection.withTransaction { _ in
                await #expect(throws: PostgresError.closed) { try await escaped.execute("SELECT 1") }
                await #expect(throws: PostgresError.self) { try await connection.withTransaction { _ in } }
            }
        }
    }

    @Test func `isolation levels are what they say`() async throws {
        let levels: [(Transaction.Isolation, String, String)] = [
            (.readCommitted, "read committed", "off"), (.repeatableRead, "repeatable read", "off"),
            (.serializable, "serializable", "off"), (.readOnly, "repeatable read", "on"),
        ]
        try await withTable { pool in
            for (isolation, level, isReadOnly) in levels {
                try await pool.withTransaction(isolation: isolation) { transaction in
                    let row = try await transaction.query(
                        "SELECT current_setting('transaction_isolation') AS i, current_setting('transaction_read_only') AS r"
                    )[0]
                    #expect(try row.text("i") == level)
                    #expect(try row.text("r") == isReadOnly)
                }
            }
            let error = await #expect(throws: PostgresError.self) {
                try await pool.withTransaction(isolation: .readOnly) { _ = try await $0.execute("DELETE FROM t") }
            }
            #expect(error?.sqlState == .readOnlyTransaction)
        }
    }

    /// Runs a test with a pool on a database with an empty table `t (id, value)`.
    private func withTable(_ body: (PostgresPool) async throws -> Void) async throws {
        try await withTestDatabase { configuration in
            let pool = PostgresPool(configuration: configuration)
            try await pool.execute("CREATE TABLE t (id bigint PRIMARY KEY, value bigint NOT NULL)")
            try await body(pool)
            await pool.close()
        }
    }

    private func ids(_ pool: PostgresPool) async throws -> [Int64] {
        try await pool.query("SELECT id FROM t ORDER BY id").map { try $0.int("id") }
    }
}
