import Storage
import Testing

@Suite struct SQLTests {
    @Test func `values become numbered parameters`() {
        let name = "x'; DROP TABLE t; --"
        let sql: SQL = "SELECT * FROM t WHERE id = \(5) AND name = \(name) AND data = \([UInt8]([1, 2]))"
        #expect(sql.text == "SELECT * FROM t WHERE id = $1 AND name = $2 AND data = $3")
        #expect(sql.values == [.int(5), .text(name), .bytes([1, 2])])
    }

    @Test func `each Swift type has its SQL value`() {
        let absent: Int64? = nil
        let present: String? = "here"
        let sql: SQL = """
            \(Int64.min) \(UInt32.max) \(UInt64(7)) \(true) \(UInt128.max) \(absent) \(present)
            \([Int64.max]) \([1, 2]) \([UInt64(3)]) \(["a"]) \([[UInt8(9)]]) \([UInt128(4)]) \([true]) \(SQLValue.null)
            """
        #expect(
            sql.values == [
                .int(.min), .int(4_294_967_295), .int(7), .bool(true), .numeric(.max), .null, .text("here"),
                .intArray([.max]), .intArray([1, 2]), .intArray([3]), .textArray(["a"]), .bytesArray([[9]]),
                .numericArray([4]), .boolArray([true]), .null,
            ]
        )
    }

    @Test func `raw text needs the word unescaped`() {
        let sql: SQL = "SELECT * FROM \(unescaped: "epochs") WHERE id = \(1)"
        #expect(sql.text == "SELECT * FROM epochs WHERE id = $1")
    }

    @Test func `a statement shows its text and never its values`() {
        let sql: SQL = "SELECT \("secret")"
        var dumped = ""
        dump(sql, to: &dumped)
        #expect(sql.description == "SELECT $1")
        #expect(!String(reflecting: sql).contains("secret"))
        #expect(!dumped.contains("secret"))
    }

    @Test(arguments: [
        "postgresql://node:hunter2@db.example:5433/fees",
        "host=db.example port=5433 user=node password=hunter2 dbname=fees",
        "postgresql://node@db.example:5433/fees?password=hunter2",
    ])
    func `a configuration shows where it goes and not the password`(connectionString: String) {
        let configuration = PostgresConfiguration(connectionString: connectionString)
        var dumped = ""
        dump(configuration, to: &dumped)
        for text in [configuration.description, String(reflecting: configuration), dumped] {
            #expect(text.contains("db.example"))
            #expect(text.contains("5433"))
            #expect(!text.contains("hunter2"))
        }
    }

    @Test(arguments: ["hunter2", "postgresql://node:hun%zzter2@/x", "host=a \0 b", "host"])
    func `an unreadable connection string is refused without showing it`(connectionString: String) async {
        let error = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(PostgresConfiguration(connectionString: connectionString))
        }
        #expect(error?.description.contains("cannot be parsed") == true)
        #expect(error?.description.contains("ter2") == false)
        #expect(!PostgresConfiguration(connectionString: connectionString).description.contains("ter2"))
    }

    @Test func `a server that is not there is a failed connection`() async {
        let nowhere = PostgresConfiguration(connectionString: "host=/nonexistent user=node password=hunter2")
        let error = await #expect(throws: PostgresError.self) { try await PostgresConnection.connect(nowhere) }
        guard case .connectionFailed(let message) = error else {
            Issue.record("not a failed connection: \(String(describing: error))")
            return
        }
        #expect(message.contains("/nonexistent"))
        #expect(!message.contains("hunter2"))
    }
}
