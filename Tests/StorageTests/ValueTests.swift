import Storage
import Testing

@Suite(.serialized) struct ValueTests {
    @Test func `every kind of value comes back as it was bound`() async throws {
        let awkward = [
            "", "NULL", "null", "a,b", "{x}", "\"quoted\"", "back\\slash", "'; --", " spaced ", "né\u{1F980}\n\t",
        ]
        let allBytes = [UInt8](0...255)
        let values: [SQLValue] = [
            .int(0), .int(.min), .int(.max), .int(-1),
            .text(""), .text("'; DROP TABLE t; --"), .text("naïve \u{1F980} \\ \" { } \n"),
            .bytes([]), .bytes([0]), .bytes(allBytes),
            .bool(true), .bool(false),
            .numeric(0), .numeric(9_999_999_999_999_999_999), .numeric(10_000_000_000_000_000_000),
            .numeric(100_000_000_000_000_000_000_000_000_000_000_000_000), .numeric(.max),
            .intArray([]), .intArray([1]), .intArray([.min, -1, 0, 1, .max]),
            .textArray([]), .textArray(awkward),
            .bytesArray([]), .bytesArray([[], allBytes, [0], [0x5c, 0x22]]),
            .numericArray([]), .numericArray([0, 1, .max]),
            .boolArray([]), .boolArray([true, false, true]),
        ]
        try await withTestConnection { connection in
            for value in values {
                let rows = try await connection.query("SELECT \(value) AS value")
                #expect(try rows.first?.value("value") == value)
            }
        }
    }

    @Test func `typed readers and their optional forms agree with columns of a table`() async throws {
        try await withTestConnection { connection in
            try await connection.executeScript(
                """
                CREATE TABLE t (i bigint, s smallint, t text, v varchar(9), b bytea, f boolean, n numeric(39,0),
                    ia bigint[], ta text[], ba bytea[], na numeric(39,0)[], fa boolean[])
                """
            )
            try await connection.execute(
                """
                INSERT INTO t VALUES (\(Int64.max), \(-7), \("text"), \("varchar"), \([UInt8]([0, 255])), \(true),
                    \(UInt128.max), \([1, 2]), \(["a"]), \([[UInt8(1)]]), \([UInt128.max]), \([false]))
                """
            )
            let row = try #require(try await connection.query("SELECT * FROM t").first)
            #expect(try row.int("i") == .max)
            #expect(try row.int("s") == -7)
            #expect(try row.text("t") == "text")
            #expect(try row.text("v") == "varchar")
            #expect(try row.bytes("b") == [0, 255])
            #expect(try row.bool("f"))
            #expect(try row.numeric("n") == .max)
            #expect(try row.intArray("ia") == [1, 2])
            #expect(try row.textArray("ta") == ["a"])
            #expect(try row.bytesArray("ba") == [[1]])
            #expect(try row.numericArray("na") == [.max])
            #expect(try row.boolArray("fa") == [false])

            try await connection.execute("UPDATE t SET i = NULL, t = NULL, b = NULL, f = NULL, n = NULL, ia = NULL")
            let empty = try #require(try await connection.query("SELECT * FROM t").first)
            #expect(try empty.optionalInt("i") == nil)
            #expect(try empty.optionalText("t") == nil)
            #expect(try empty.optionalBytes("b") == nil)
            #expect(try empty.optionalBool("f") == nil)
            #expect(try empty.optionalNumeric("n") == nil)
            #expect(try empty.optionalIntArray("ia") == nil)
            #expect(try empty.value("t") == .null)
        }
    }

    @Test(arguments: [
        ("NULL::bigint", "integer", "NULL"),
        ("1.5", "integer", "numeric"),
        ("'x'::text", "integer", "text"),
    ])
    func `an int column that is none is named with what it is`(sql: String, expected: String, found: String)
        async throws
    {
        try await withTestConnection { connection in
            let row = try #require(try await connection.query("SELECT \(unescaped: sql) AS charge").first)
            #expect(throws: PostgresError.decoding(column: "charge", expected: expected, found: found)) {
                try row.int("charge")
            }
        }
    }

    @Test(arguments: [
        "-1", "1.0", "'NaN'::numeric", "'Infinity'::numeric", "340282366920938463463374607431768211456",
        "1000000000000000000000000000000000000000", "0.0",
    ])
    func `a numeric that is no UInt128 is refused`(sql: String) async throws {
        try await withTestConnection { connection in
            let row = try #require(try await connection.query("SELECT (\(unescaped: sql))::numeric AS n").first)
            #expect(
                throws: PostgresError.decoding(
                    column: "n",
                    expected: "whole numeric",
                    found: "numeric that does not fit"
                )
            ) {
                try row.numeric("n")
            }
        }
    }

    @Test(arguments: ["'{1,NULL}'::bigint[]", "'{{1},{2}}'::bigint[]", "'[0:1]={1,2}'::bigint[]"])
    func `an array with NULLs, dimensions or bounds is refused`(sql: String) async throws {
        try await withTestConnection { connection in
            let row = try #require(try await connection.query("SELECT \(unescaped: sql) AS a").first)
            #expect(throws: PostgresError.self) { try row.intArray("a") }
        }
    }

    @Test func `a column that is missing or there twice is refused`() async throws {
        try await withTestConnection { connection in
            let row = try #require(try await connection.query("SELECT 1 AS a, 2 AS a, 3 AS b").first)
            #expect(throws: PostgresError.self) { try row.int("a") }
            #expect(throws: PostgresError.self) { try row.int("c") }
            #expect(try row.int("b") == 3)
        }
    }

    @Test func `ten thousand rows go in with one statement of arrays`() async throws {
        let count = 10_000
        let ids = (0..<count).map { Int64($0) }
        let keys = ids.map { id in (0..<32).map { UInt8(truncatingIfNeeded: id &* 31 &+ $0) } }
        let amounts = ids.map { UInt128.max - UInt128($0) }
        try await withTestConnection { connection in
            try await connection.executeScript("CREATE TABLE t (id bigint, key bytea, amount numeric(39,0))")
            let inserted = try await connection.execute(
                """
                INSERT INTO t SELECT * FROM unnest(\(ids), \(keys), \(amounts))
                """
            )
            #expect(inserted == count)
            let rows = try await connection.query("SELECT id, key, amount FROM t ORDER BY id")
            #expect(try rows.map { try $0.int("id") } == ids)
            #expect(try rows.map { try $0.bytes("key") } == keys)
            #expect(try rows.map { try $0.numeric("amount") } == amounts)
        }
    }
}
