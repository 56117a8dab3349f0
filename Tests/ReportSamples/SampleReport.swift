public import Ledger
import Primitives
public import Reports
import Rewards

/// A made-up report and its journal. What stands in it was added up in a first pass, as a database would do it.
public struct SampleReport {
    /// The report.
    public let report: Report
    private let kind: SampleKind
    private let skipped: Int
    private let count: Int

    /// The journal's entries.
    public var entries: some Sequence<LedgerEntry> {
        SampleJournal(kind, count: skipped + count).lazy.dropFirst(skipped)
    }

    /// Makes a report of `count` entries, none for kinds without entries.
    public init(_ kind: SampleKind, count: Int) throws {
        self.kind = kind
        let isWithoutEntries = kind == .quiet || kind == .empty
        self.count = isWithoutEntries ? 0 : count
        skipped = kind == .huge || kind == .empty ? 0 : 64
        var journal = SampleJournal(kind, count: skipped + self.count)
        for _ in 0..<skipped { _ = journal.next() }
        let opening = journal.totals
        var first: EntryAnchor?
        while let entry = journal.next() {
            if first == nil { first = entry.anchor }
        }
        let last = journal.anchor
        let tables = try SampleSchedules(opening: opening, closing: journal.totals, isAwkward: kind == .awkward)
        report = try Report(
            scope: ReportScope(
                title: kind == .awkward ? "=cmd|' /C calc'!A0 \"é\"\n; x" : "Epoch 7", logID: SHA256.hash([7]),
                period: .epoch(7), from: SampleJournal.start, to: SampleJournal.start + SampleJournal.seconds,
                entries: first.map { ReportScope.Entries(first: $0, last: last) }, currency: "USD", scale: 12),
            opening: try Self.balances(opening), closing: try Self.balances(journal.totals),
            schedules: kind == .empty ? [] : tables.all, checks: kind == .empty ? [] : tables.checks)
    }

    private static func balances(_ totals: [LedgerAccount: AccountTotals]) throws -> [LedgerAccount: Amount] {
        var balances: [LedgerAccount: Amount] = [:]
        for (account, total) in totals { balances[account] = try total.balance(of: account) }
        return balances
    }

    /// Writes the report in all of `writers` at once.
    public func write(_ writers: [any ReportWriter]) throws {
        var run = try ReportRun(report, writers: writers)
        for entry in entries { try run.append(entry) }
        try run.finish()
    }
}
