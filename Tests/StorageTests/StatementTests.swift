import Storage
import Testing

@Suite(.serialized) struct StatementTests {
    @Test func `an injection attempt in a bound value stays data`() async throws {
        let attempts = ["'; DROP TABLE t; --", "1 OR 1=1", "$1", "\\'; DELETE FROM t", "{\"a\",b}"]
        try await withTestConnection { connection in
            try await connection.executeScript("CREATE TABLE t (name text, names text[])")
            for attempt in attempts {
                try await connection.execute("INSERT INTO t VALUES (\(attempt), \([attempt]))")
                let rows = try await connection.query(
                    "SELECT name, names FROM t WHERE name = \(attempt) AND \(attempt) = ANY(names)"
                )
                #expect(try rows.map { try $0.text("name") } == [attempt])
                #expect(try rows.map { try $0.textArray("names") } == [[attempt]])
            }
            #expect(try await connection.execute("SELECT * FROM t") == attempts.count)
        }
    }

    @Test func `violations name their constraint, table and column and show no value`() async throws {
        try await withTestConnection { connection in
            try await connection.executeScript(
                """
                CREATE TABLE accounts (id bigint PRIMARY KEY, name text NOT NULL, CONSTRAINT short CHECK (length(name) < 9));
                CREATE TABLE charges (account bigint CONSTRAINT charges_account REFERENCES accounts);
                INSERT INTO accounts VALUES (424242, 'first');
                """
            )
            let absent: String? = nil
            let cases: [(SQL, SQLState, String?)] = [
                ("INSERT INTO accounts VALUES (\(424242), \("s3cret"))", .uniqueViolation, "accounts_pkey"),
                ("INSERT INTO accounts VALUES (\(2), \("s3cret too long"))", .checkViolation, "short"),
                ("INSERT INTO accounts VALUES (\(3), \(absent))", .notNullViolation, nil),
                ("INSERT INTO charges VALUES (\(5))", .foreignKeyViolation, "charges_account"),
                ("SELECT (\("s3cret"))::bigint", .invalidTextRepresentation, nil),
                ("CREATE TABLE accounts ()", .duplicateTable, nil),
            ]
            for (sql, state, constraint) in cases {
                let error = try #require(
                    await #expect(throws: PostgresError.self) { try await connection.execute(sql) }
                )
                #expect(error.sqlState == state)
                #expect(error.constraint == constraint)
                var dumped = ""
                dump(error, to: &dumped)
                for text in [error.description, String(reflecting: error), dumped] {
                    #expect(!text.contains("s3cret"))
                    #expect(!text.contains("424242"))
                }
                #expect(!error.description.contains("INSERT"))
                #expect(String(reflecting: error).contains(sql.text))
            }
        }
    }

    @Test func `a value that cannot be sent fails before anything is`() async throws {
        try await withTestConnection { connection in
            let tooLarge: UInt64 = 1 << 63
            let cases: [(SQL, Int)] = [
                ("SELECT \(1), \(tooLarge)", 2), ("SELECT \([tooLarge])", 1),
                ("SELECT \("a\0b")", 1), ("SELECT \(1), \(["fine", "a\0b"])", 2), ("SELECT 1 \0", 0),
            ]
            for (sql, position) in cases {
                let error = await #expect(throws: PostgresError.self) { try await connection.query(sql) }
                guard case .invalidParameter(position, _) = error else {
                    Issue.record("\(String(describing: error)) for parameter \(position)")
                    continue
                }
            }
            await #expect(throws: PostgresError.self) { try await connection.executeScript("SELECT 1; \0") }
            let rows = try await connection.query("SELECT \(Int64.max) AS n")
            #expect(try rows.first?.int("n") == .max)
        }
    }

    @Test func `the same text with a value of another type is another statement`() async throws {
        try await withTestConnection { connection in
            for value: SQLValue in [.int(1), .text("a"), .bytes([1]), .bool(true), .null, .int(2)] {
                let rows = try await connection.query("SELECT \(value) AS v")
                #expect(try rows.first?.value("v") == value)
            }
        }
    }

    @Test func `a statement is prepared once and the least used go beyond 256`() async throws {
        try await withTestConnection { connection in
            let count: SQL = "SELECT count(*) AS n FROM pg_prepared_statements"
            for _ in 0..<3 { #expect(try await connection.query(count).first?.int("n") == 1) }
            for index in 0..<300 {
                #expect(try await connection.query("SELECT \(index) AS c\(unescaped: "\(index)")").count == 1)
                _ = try await connection.query(count)
            }
            #expect(try await connection.query(count).first?.int("n") == 256)
            #expect(try await connection.query("SELECT \(7) AS c0").first?.int("c0") == 7)
        }
    }

    @Test func `a prepared statement survives a change of its table`() async throws {
        try await withTestConnection { connection in
            try await connection.executeScript("CREATE TABLE t (a bigint); INSERT INTO t VALUES (1)")
            let all: SQL = "SELECT * FROM t"
            #expect(try await connection.query(all).first?.int("a") == 1)
            try await connection.executeScript("ALTER TABLE t ADD b bigint DEFAULT 2")
            #expect(try await connection.query(all).first?.int("b") == 2)
        }
    }

    @Test func `rows affected are counted`() async throws {
        try await withTestConnection { connection in
            let counts = [
                try await connection.execute("CREATE TABLE t (a bigint)"),
                try await connection.execute("INSERT INTO t SELECT generate_series(1, \(10))"),
                try await connection.execute("UPDATE t SET a = 0 WHERE a > \(7)"),
                try await connection.execute("SELECT a FROM t"),
            ]
            #expect(counts == [0, 10, 3, 10])
            let rows = try await connection.query("DELETE FROM t")
            #expect(rows.isEmpty)
        }
    }

    @Test func `a statement beyond its timeout is cancelled by the server`() async throws {
        try await withTestDatabase { configuration in
            var hurried = configuration
            hurried.statementTimeoutMilliseconds = 50
            let connection = try await PostgresConnection.connect(hurried)
            let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT pg_sleep(10)") }
            #expect(error?.sqlState == .queryCanceled)
            #expect(try await connection.query("SELECT 1 AS one").first?.int("one") == 1)
            await connection.close()
        }
    }

    @Test func `COPY is refused and ends the session`() async throws {
        try await withTestConnection { connection in
            try await connection.executeScript("CREATE TABLE t (a bigint)")
            await #expect(throws: PostgresError.protocolViolation(message: "COPY is not supported")) {
                try await connection.executeScript("COPY t FROM STDIN")
            }
            await #expect(throws: PostgresError.closed) { try await connection.query("SELECT 1") }
        }
    }

    @Test func `a closed connection says so`() async throws {
        try await withTestConnection { connection in
            await connection.close()
            #expect(await !connection.isAlive)
            await #expect(throws: PostgresError.closed) { try await connection.query("SELECT 1") }
        }
    }
}
