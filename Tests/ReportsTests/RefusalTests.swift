import Ledger
import Primitives
import Rewards
import Testing

@testable import Reports

/// What makes a report worthless, and is found before anybody reads it.
@Suite struct RefusalTests {
    private func error(_ small: SmallReport, range: ReportScope.Entries? = nil) -> ReportError? {
        do {
            var run = try ReportRun(try small.report(range ?? small.range), writers: [])
            for entry in small.entries { try run.append(entry) }
            try run.finish()
            return nil
        } catch {
            return error as? ReportError
        }
    }

    private func changed(_ entry: LedgerEntry, time: UInt64? = nil, postings: [Posting]? = nil) -> LedgerEntry {
        LedgerEntry(
            number: entry.number, previous: entry.previous, time: time ?? entry.time, epoch: entry.epoch,
            kind: entry.kind, reference: entry.reference, postings: postings ?? entry.postings)
    }

    @Test func `a journal that agrees is accepted`() throws {
        #expect(error(try SmallReport()) == nil)
        #expect(error(try SmallReport(.max)) == nil)
    }

    @Test func `an amount that is one unit off is refused`() throws {
        var small = try SmallReport()
        let range = small.range
        var postings = small.entries[1].postings
        postings[0] = Posting(account: .channels, debit: 6, credit: 0)
        small.entries[1] = changed(small.entries[1], postings: postings)
        #expect(error(small, range: range) == .entry(number: 2, .unbalanced(debits: 6, credits: 5)))
        postings[1] = Posting(account: .pool(1), debit: 0, credit: 6)
        small.entries[1] = changed(small.entries[1], postings: postings)
        #expect(
            error(small, range: range) == .insufficient(entry: 2, account: "channels", balance: 5, needed: 6))
    }

    @Test func `a closing balance that is one unit off is refused`() throws {
        var small = try SmallReport()
        small.closing = [.custody: 5, .pool(1): 4, .dust: 1]
        #expect(error(small) == .closing(account: "dust", expected: 1, found: 0))
        small.closing = [.custody: 5, .pool(1): 4]
        #expect(error(small) == .unbalanced(debits: "5", credits: "4"))
        small = try SmallReport()
        small.opening = [.dust: 1]
        #expect(error(small) == .unbalanced(debits: "0", credits: "1"))
    }

    @Test func `entries other than those of the scope are refused`() throws {
        let small = try SmallReport()
        let (first, last) = (small.entries[0].anchor, small.entries[1].anchor)
        var other = small
        other.entries = []
        #expect(error(other, range: small.range) == .entries(expected: last, found: nil))
        other.entries = [small.entries[1]]
        #expect(error(other, range: small.range) == .entries(expected: first, found: last))
        other.entries = [small.entries[0]]
        #expect(error(other, range: small.range) == .entries(expected: last, found: first))
        other.entries = [small.entries[0], small.entries[0]]
        #expect(error(other, range: small.range) == .entry(number: 1, .gap(expected: 2, found: 1)))
        other.entries = [small.entries[0], changed(small.entries[1], time: small.entries[1].time + 1)]
        #expect(error(other, range: small.range) == .entries(expected: last, found: other.entries[1].anchor))
        other.entries = [changed(small.entries[0], time: small.entries[0].time + 1), small.entries[1]]
        #expect(
            error(other, range: ReportScope.Entries(first: other.entries[0].anchor, last: last))
                == .entry(number: 2, .chain(number: 2)))
    }

    @Test func `an entry outside the period, or earlier than the one before, is refused`() throws {
        var small = try SmallReport()
        small.to = SmallReport.time
        #expect(error(small) == .time(entry: 2))
        small = try SmallReport()
        small.entries[1] = changed(small.entries[1], time: SmallReport.time - 1)
        #expect(error(small) == .time(entry: 2))
    }

    @Test func `a check that is one unit off is refused, however many digits it has`() throws {
        var small = try SmallReport()
        let table = ReportTable(
            name: "t", columns: ["a", "b"],
            rows: [[.amount(.max), .amount(Amount(UInt128.max - 1))], [.amount(1), .integer(1)]])
        small.schedules = [try Schedule("T", table)]
        func column(_ name: String) -> ReportCheck.Source { .column(schedule: "t", column: name) }
        small.checks = [ReportCheck("a = b", [column("a")], equal: [column("b")])]
        #expect(
            error(small)
                == .check(
                    name: "a = b", added: "340282366920938463463374607431768211456",
                    subtracted: "340282366920938463463374607431768211455"))
        small.checks = [ReportCheck("journal", [.journalDebits], equal: [.cell(schedule: "t", column: "a", row: 1)])]
        #expect(error(small) == .check(name: "journal", added: "10", subtracted: "1"))
        #expect(
            throws: ReportError.check(
                name: "t row 1: rows", added: Amount.max.decimal, subtracted: "340282366920938463463374607431768211454")
        ) {
            try Schedule("T", table, rowChecks: [Schedule.RowCheck("rows", ["a"], equal: ["b"])])
        }
    }

    @Test func `names that are missing or double are refused`() throws {
        var small = try SmallReport()
        let table = ReportTable(name: "t", columns: ["a"], rows: [[.text("x")]])
        small.schedules = [try Schedule("T", table), try Schedule("T", table)]
        #expect(error(small) == .duplicate(name: "t"))
        small.schedules = [try Schedule("T", ReportTable(name: "journal", columns: [], rows: []))]
        #expect(error(small) == .duplicate(name: "journal"))
        small.schedules = [try Schedule("T", table)]
        for source in [
            ReportCheck.Source.column(schedule: "t", column: "b"), .column(schedule: "u", column: "a"),
            .cell(schedule: "t", column: "a", row: 1), .cell(schedule: "t", column: "a", row: 0),
        ] {
            small.checks = [ReportCheck("c", [source], equal: [])]
            #expect(error(small) == .missing(name: source.text))
        }
        #expect(throws: ReportError.duplicate(name: "t.a")) {
            try Schedule("T", ReportTable(name: "t", columns: ["a", "a"], rows: []))
        }
        #expect(throws: ReportError.missing(name: "t.b")) { try Schedule("T", table, totals: ["b"]) }
    }

    @Test func `periods and scales that no format can write are refused`() {
        func scope(_ from: UInt64, _ to: UInt64, _ scale: UInt8) throws(ReportError) -> ReportScope {
            try ReportScope(
                title: "", logID: .zero, period: .range, from: from, to: to, entries: nil, currency: "USD",
                scale: scale)
        }
        #expect(throws: ReportError.period(from: 2, to: 1)) { try scope(2, 1, 0) }
        #expect(throws: ReportError.period(from: 0, to: 253_402_214_400)) { try scope(0, 253_402_214_400, 0) }
        #expect(throws: ReportError.scale(31)) { try scope(0, 1, 31) }
        #expect(throws: Never.self) { try scope(0, 253_402_214_399, 30) }
    }

    @Test func `what a sink throws ends the run`() throws {
        let small = try SmallReport()
        var run = try ReportRun(try small.report(small.range), writers: [JSONReport(to: FullSink(blocks: 0))])
        for entry in small.entries { try run.append(entry) }
        #expect(throws: FullSink.Full.self) { try run.finish() }
    }
}
