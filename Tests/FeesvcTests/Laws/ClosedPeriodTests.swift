import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

/// Law L34: what is dated in a closed period can't be changed by any role, and who switches the guards off to do it is
/// found out by `feesvc ledger verify`.
struct ClosedPeriodTests {
    private struct Undone: Error {}

    /// Runs `body` in a transaction of which nothing stays.
    private func undone(_ fixture: ServiceFixture, _ body: (Transaction) async throws -> Void) async throws {
        do {
            try await fixture.pool.withTransaction { transaction in
                try await body(transaction)
                throw Undone()
            }
        } catch is Undone {}
    }

    private func run(_ statements: String..., in transaction: Transaction) async throws {
        for statement in statements { try await transaction.execute("\(unescaped: statement)") }
    }

    /// Whether a transaction with these statements is refused by the server.
    private func isRefused(_ fixture: ServiceFixture, as role: String, _ statement: String) async throws -> Bool {
        do {
            try await undone(fixture) { transaction in
                try await run("SET LOCAL ROLE \(role)", statement, in: transaction)
            }
            return false
        } catch let error as PostgresError {
            return error.sqlState != nil
        }
    }

    /// What breaks an entry in a place of the journal.
    private static let changes = [
        "UPDATE ledger_postings SET debit = debit + 1 WHERE entry = # AND debit > 0",
        "UPDATE ledger_postings SET debit = debit * 2, credit = credit * 2 WHERE entry = #",
        """
        UPDATE ledger_postings SET account = 'pool:77' WHERE ctid = \
        (SELECT ctid FROM ledger_postings WHERE entry = # AND credit > 0 LIMIT 1)
        """,
        "UPDATE ledger_entries SET epoch = epoch + 1 WHERE number = #",
        "UPDATE ledger_entries SET time = time + 1 WHERE number = #",
        "UPDATE ledger_entries SET reference = reference || 'x' WHERE number = #",
        "UPDATE ledger_entries SET kind = 'dust' WHERE number = #",
        "UPDATE ledger_entries SET hash = sha256(hash) WHERE number = #",
        "DELETE FROM ledger_postings WHERE entry = #",
        "DELETE FROM ledger_entries WHERE number = #",
        "INSERT INTO ledger_postings VALUES (#, 'pool:77', 0, 1)",
        """
        INSERT INTO ledger_entries SELECT number + 1000000, previous, sha256(hash), time, epoch, kind, 'x' || reference \
        FROM ledger_entries WHERE number = #
        """,
    ]

    private static let tables = ["ledger_entries", "ledger_postings", "ledger_accounts"]
    /// Those, and what refers to them.
    private static let unguarded = tables + ["corrections"]

    @Test func `L34: no role inserts, updates, deletes or empties what is dated in a closed period`() async throws {
        try await ServiceFixture.runWithBooks { fixture in
            let roles = ["clerk", "keeper"].map { "\($0)_\(fixture.directory.suffix(12))" }
            for role in roles {
                try await fixture.pool.execute("CREATE ROLE \(unescaped: role)")
                try await fixture.pool.execute(
                    "GRANT ALL ON ALL TABLES IN SCHEMA public TO \(unescaped: role)")
            }
            for table in Self.tables {
                try await fixture.pool.execute("ALTER TABLE \(unescaped: table) OWNER TO \(unescaped: roles[1])")
            }
            let entry = try #require(try await closedEntries(fixture).first)
            for role in roles + ["feesvc"] {
                for change in Self.changes {
                    let statement = change.replacing("#", with: "\(entry)")
                    #expect(try await isRefused(fixture, as: role, statement), "\(role): \(statement)")
                }
                for table in Self.tables {
                    #expect(try await isRefused(fixture, as: role, "TRUNCATE \(table) CASCADE"), "\(role): \(table)")
                }
            }
            for role in roles {
                try await fixture.pool.execute("REASSIGN OWNED BY \(unescaped: role) TO feesvc")
                try await fixture.pool.execute("DROP OWNED BY \(unescaped: role)")
                try await fixture.pool.execute("DROP ROLE \(unescaped: role)")
            }
        }
    }

    /// How an owner gets around the guards, and leaves them as they were.
    private static let ways: [(what: String, before: [String], after: [String])] = [
        (
            "triggers switched off", unguarded.map { "ALTER TABLE \($0) DISABLE TRIGGER ALL" },
            unguarded.map { "ALTER TABLE \($0) ENABLE TRIGGER ALL" }
        ),
        ("the session a replica", ["SET LOCAL session_replication_role = replica"], []),
        (
            "functions that check nothing",
            ["refuse_change", "check_totals", "check_entry", "check_postings"].map {
                """
                CREATE OR REPLACE FUNCTION \($0)() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW; END $$
                """
            } + ["SET LOCAL session_replication_role = replica"], []
        ),
    ]

    @Test(arguments: LawSeeds.all)
    func `L34: who switches the guards off, changes a closed period and switches them on again is found out`(
        _ seed: UInt64
    ) async throws {
        var random = SplitMix64(seed: seed)
        try await ServiceFixture.runWithBooks { fixture in
            let entries = try await closedEntries(fixture)
            let noted = fixture.service.heads.end.journal
            for change in Self.changes + Self.tables.map({ "TRUNCATE \($0) CASCADE" }) {
                let entry = entries[Int.random(in: 0..<entries.count, using: &random)]
                let way = Self.ways[Int.random(in: 0..<Self.ways.count, using: &random)]
                let statement = change.replacing("#", with: "\(entry)")
                let found = try await fault(fixture, noted: noted, way.before + [statement], way.after)
                #expect(found != nil, "seed \(seed), \(way.what): \(statement)")
                #expect(found?.contains("lacks triggers") != true, "seed \(seed), \(way.what): \(statement)")
            }
            _ = try await fixture.service.read { try await BooksCheck($0, noted: noted).run() }
        }
    }

    /// What verification finds, or the server refuses, where an owner does this.
    private func fault(
        _ fixture: ServiceFixture, noted: EntryAnchor, _ statements: [String], _ after: [String]
    ) async throws -> String? {
        var found: String?
        do {
            try await undone(fixture) { transaction in
                try await run(
                    "INSERT INTO ledger_accounts (name) VALUES ('pool:77') ON CONFLICT DO NOTHING", in: transaction)
                for statement in statements + after { try await run(statement, in: transaction) }
                do {
                    _ = try await BooksCheck(transaction, noted: noted).run()
                } catch let error as PostgresError {
                    throw error
                } catch {
                    found = "\(error)"
                }
            }
        } catch let error as PostgresError where error.sqlState == .integrityConstraintViolation {
            // A table that refers to the journal has guards of its own.
            found = "refused"
        }
        return found
    }

    @Test func `L34: every guard of the schema is missed when it is switched off`() async throws {
        try await ServiceFixture.run { fixture in
            let guards = try await fixture.pool.query(
                """
                SELECT c.relname::text AS table, t.tgname::text AS name FROM pg_trigger AS t \
                JOIN pg_class AS c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal ORDER BY 1, 2
                """)
            #expect(guards.count > 40)
            for row in guards {
                let (table, name) = (try row.text("table"), try row.text("name"))
                try await undone(fixture) { transaction in
                    try await run("ALTER TABLE \(table) DISABLE TRIGGER \(name)", in: transaction)
                    let missing = try await LedgerStore(transaction).missingGuards()
                    #expect(missing == ["\(table).\(name)"])
                }
            }
        }
    }

    /// The numbers of the entries of the first epoch, which is over.
    private func closedEntries(_ fixture: ServiceFixture) async throws -> [UInt64] {
        try await fixture.pool.query("SELECT number FROM ledger_entries WHERE epoch = 1 ORDER BY number").map {
            try $0.unsigned("number")
        }
    }
}
