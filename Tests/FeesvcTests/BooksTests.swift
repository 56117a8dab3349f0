import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

/// The books as `feesvc ledger verify` sees them, and what the database itself refuses.
struct BooksTests {
    private func verify(_ fixture: ServiceFixture, noted: EntryAnchor? = nil) async throws -> BooksCheck.Outcome {
        try await fixture.service.read { try await BooksCheck($0, noted: noted).run() }
    }

    /// Runs statements as the owner who switches the triggers off, and on again.
    private func tamper(_ fixture: ServiceFixture, _ statements: [String]) async throws {
        let tables = ["ledger_entries", "ledger_postings", "ledger_accounts", "charges", "instance"]
        for table in tables { try await fixture.pool.execute("ALTER TABLE \(unescaped: table) DISABLE TRIGGER ALL") }
        for statement in statements { try await fixture.pool.execute("\(unescaped: statement)") }
        for table in tables { try await fixture.pool.execute("ALTER TABLE \(unescaped: table) ENABLE TRIGGER ALL") }
    }

    @Test func `books that nobody touched are good, and end as the log's edges say`() async throws {
        try await ServiceFixture.runWithBooks { fixture in
            let outcome = try await verify(fixture, noted: fixture.service.heads.end.journal)
            #expect(outcome.edges == 2)
            #expect(outcome.check.balances.anchor == fixture.service.heads.end.journal)
            let stored = try await fixture.service.read { try await LedgerStore($0).storedTotals() }
            #expect(outcome.check.balances.totals == stored)
        }
    }

    @Test(
        arguments: [
            (
                "an amount", ["UPDATE ledger_postings SET debit = debit + 1 WHERE entry = 5 AND debit > 0"],
                "altered|can't be"
            ),
            (
                "an amount and its counterpart",
                [
                    "UPDATE ledger_postings SET debit = debit + 1 WHERE entry = 5 AND debit > 0",
                    """
                    UPDATE ledger_postings SET credit = credit + 1 WHERE ctid = \
                    (SELECT ctid FROM ledger_postings WHERE entry = 5 AND credit > 0 LIMIT 1)
                    """,
                ], "altered"
            ),
            ("a time", ["UPDATE ledger_entries SET time = time + 1 WHERE number = 5"], "altered"),
            ("an epoch", ["UPDATE ledger_entries SET epoch = 2 WHERE number = 5"], "altered"),
            ("a reference", ["UPDATE ledger_entries SET reference = 'x' WHERE number = 5"], "altered"),
            (
                "a dropped entry",
                ["DELETE FROM ledger_postings WHERE entry = 5", "DELETE FROM ledger_entries WHERE number = 5"],
                "should come next"
            ),
            (
                "a dropped posting",
                ["DELETE FROM ledger_postings WHERE ctid = (SELECT ctid FROM ledger_postings WHERE entry = 5 LIMIT 1)"],
                "altered"
            ),
            (
                "two entries swapped",
                [
                    "UPDATE ledger_postings SET entry = -1 WHERE entry = 1",
                    "UPDATE ledger_postings SET entry = 1 WHERE entry = 5",
                    "UPDATE ledger_postings SET entry = 5 WHERE entry = -1",
                ], "altered"
            ),
            (
                "an inserted entry",
                [
                    """
                    INSERT INTO ledger_entries SELECT number + 1, hash, sha256(hash), time, epoch, kind, 'more' \
                    FROM ledger_entries ORDER BY number DESC LIMIT 1
                    """
                ], "altered"
            ),
            (
                "a cut tail",
                [
                    "DELETE FROM ledger_postings WHERE entry = (SELECT max(number) FROM ledger_entries)",
                    "DELETE FROM ledger_entries WHERE number = (SELECT max(number) FROM ledger_entries)",
                ], "tail"
            ),
            (
                "a cut tail, with the end of the instance",
                [
                    "DELETE FROM ledger_postings WHERE entry = (SELECT max(number) FROM ledger_entries)",
                    "DELETE FROM ledger_entries WHERE number = (SELECT max(number) FROM ledger_entries)",
                    """
                    UPDATE instance SET entry_number = e.number, entry_hash = e.hash \
                    FROM (SELECT number, hash FROM ledger_entries ORDER BY number DESC LIMIT 1) AS e
                    """,
                ], "tail"
            ),
            (
                "kept totals", ["UPDATE ledger_accounts SET credits = credits + 1 WHERE name = 'channels'"],
                "is kept with"
            ),
            (
                "a charge's fee", ["UPDATE charges SET base = base + 1 WHERE number = 4"], "adds up to"
            ),
        ]
    )
    func `L35: whoever changes the books is found out`(_ what: String, _ statements: [String], _ expected: String)
        async throws
    {
        try await ServiceFixture.runWithBooks { fixture in
            let noted = fixture.service.heads.end.journal
            try await tamper(fixture, statements)
            do {
                _ = try await verify(fixture, noted: noted)
                Issue.record("\(what) was not found")
            } catch {
                let words = expected.split(separator: "|")
                #expect(words.contains { "\(error)".contains($0) }, "\(what): \(error)")
            }
        }
    }

    @Test func `L34: a guard that is switched off or gone is named`() async throws {
        try await ServiceFixture.runWithBooks { fixture in
            try await fixture.pool.execute("ALTER TABLE ledger_entries DISABLE TRIGGER ledger_entries_fixed")
            await #expect {
                try await verify(fixture)
            } throws: {
                "\($0)".contains("ledger_entries.ledger_entries_fixed")
            }
            try await fixture.pool.execute("ALTER TABLE ledger_entries ENABLE TRIGGER ledger_entries_fixed")
            try await fixture.pool.execute("DROP TRIGGER charges_not_emptied ON charges")
            await #expect { try await verify(fixture) } throws: { "\($0)".contains("charges.charges_not_emptied") }
        }
    }

    @Test func `L34: the database itself refuses entries of a closed epoch, gaps, and postings that do not balance`()
        async throws
    {
        try await ServiceFixture.runWithBooks { fixture in
            let last = "(SELECT number, hash, time FROM ledger_entries ORDER BY number DESC LIMIT 1) AS e"
            let hash = "decode(repeat('01', 32), 'hex')"
            for (what, statement): (String, String) in [
                (
                    "a closed epoch",
                    "INSERT INTO ledger_entries SELECT number + 1, hash, \(hash), time, 1, 'dust', 'late' FROM \(last)"
                ),
                (
                    "an epoch to come",
                    "INSERT INTO ledger_entries SELECT number + 1, hash, \(hash), time, 4, 'dust', 'early' FROM \(last)"
                ),
                (
                    "a gap",
                    "INSERT INTO ledger_entries SELECT number + 2, hash, \(hash), time, 3, 'dust', 'gap' FROM \(last)"
                ),
                (
                    "another predecessor",
                    "INSERT INTO ledger_entries SELECT number + 1, \(hash), \(hash), time, 3, 'dust', 'c' FROM \(last)"
                ),
                (
                    "an earlier time",
                    "INSERT INTO ledger_entries SELECT number + 1, hash, \(hash), time - 1, 3, 'dust', 't' FROM \(last)"
                ),
                (
                    "a posting of an old entry",
                    "INSERT INTO ledger_postings VALUES (1, 'dust', 1, 0), (1, 'held:base', 0, 1)"
                ),
                (
                    "more postings of the newest entry",
                    "INSERT INTO ledger_postings SELECT max(number), 'pool:1', 1, 0 FROM ledger_entries"
                ),
                ("fewer debits", "UPDATE ledger_accounts SET debits = debits - 1 WHERE name = 'custody'"),
                ("an account's end", "DELETE FROM ledger_accounts WHERE name = 'channels'"),
                ("an emptied table", "TRUNCATE ledger_postings"), ("emptied charges", "TRUNCATE charges CASCADE"),
                ("an emptied log", "TRUNCATE log_blocks"),
            ] {
                await #expect(throws: PostgresError.self, "\(what)") {
                    try await fixture.pool.execute("\(unescaped: statement)")
                }
            }
            _ = try await verify(fixture)
        }
    }
}
