import Storage
import Testing

@Suite(.serialized) struct CursorTests {
    @Test(arguments: [1, 7, 100, 250, 1_000])
    func `every row comes once and in order, whatever the batch`(batch: Int) async throws {
        try await withTestConnection { connection in
            var seen: [Int64] = []
            let last = 250
            try await connection.withTransaction(isolation: .readOnly) { transaction in
                try await transaction.forEachRow(
                    "SELECT n FROM generate_series(1, \(last)) n ORDER BY n",
                    batch: batch
                ) { seen.append(try $0.int("n")) }
            }
            #expect(seen == Array(1...250))
        }
    }

    @Test func `the rows are those of one snapshot`() async throws {
        try await withTestDatabase { configuration in
            let pool = PostgresPool(configuration: configuration)
            try await pool.execute("CREATE TABLE t AS SELECT generate_series(1, 10)::bigint AS n")
            try await pool.withTransaction(isolation: .readOnly) { transaction in
                // The snapshot is taken by the first statement.
                _ = try await transaction.query("SELECT 1")
                try await pool.execute("INSERT INTO t VALUES (11)")
                var count = 0
                try await transaction.forEachRow("SELECT n FROM t", batch: 3) { _ in count += 1 }
                #expect(count == 10)
            }
            await pool.close()
        }
    }

    @Test func `an error in the body ends the stream and leaves the transaction usable`() async throws {
        struct Enough: Error {}
        try await withTestConnection { connection in
            try await connection.withTransaction { transaction in
                var count = 0
                await #expect(throws: Enough.self) {
                    try await transaction.forEachRow("SELECT generate_series(1, 100) AS n", batch: 10) { _ in
                        count += 1
                        if count == 15 { throw Enough() }
                    }
                }
                #expect(count == 15)
                let cursors = try await transaction.query(
                    "SELECT count(*) AS n FROM pg_cursors WHERE name LIKE 'rows%'"
                )
                #expect(try cursors[0].int("n") == 0)
            }
        }
    }

    @Test func `two streams may be open at once and a bad query is told`() async throws {
        try await withTestConnection { connection in
            try await connection.withTransaction { transaction in
                var total: Int64 = 0
                try await transaction.forEachRow("SELECT \(1) AS n UNION ALL SELECT \(2)", batch: 1) {
                    total += try $0.int("n")
                }
                try await transaction.forEachRow("SELECT 3::bigint AS n") { total += try $0.int("n") }
                #expect(total == 6)
            }
            let error = await #expect(throws: PostgresError.self) {
                try await connection.withTransaction { transaction in
                    try await transaction.forEachRow("SELECT * FROM nowhere") { _ in }
                }
            }
            #expect(error?.sqlState == .undefinedTable)
        }
    }

    @Test func `a cancelled task stops between batches`() async throws {
        try await withTestDatabase { configuration in
            let pool = PostgresPool(configuration: configuration)
            let hasStarted = Record<Void>()
            let outcome = await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    do {
                        try await pool.withTransaction { transaction in
                            try await transaction.forEachRow("SELECT generate_series(1, 100000000)", batch: 10) { _ in
                                hasStarted.append(())
                            }
                        }
                        return false
                    } catch {
                        return error is CancellationError
                    }
                }
                try? await eventually { !hasStarted.events.isEmpty }
                group.cancelAll()
                return await group.next()
            }
            #expect(outcome == true)
            let rows = try await pool.query("SELECT 1")
            #expect(rows.count == 1)
            await pool.close()
        }
    }
}
