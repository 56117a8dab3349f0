public import Ledger
import Primitives

/// A format under way. Made by a format's own initializer and driven by ``ReportRun`` alone.
public protocol ReportWriter {
    /// Writes what stands before the journal.
    mutating func begin(_ report: Report) throws
    /// Writes an entry.
    mutating func append(_ entry: ReportEntry) throws
    /// Writes what stands after the journal, and hands everything on.
    mutating func finish(_ end: ReportEnd) throws
}

/// An entry on its way into the formats: checked against the one before, and hashed once for all of them.
public struct ReportEntry {
    let checked: CheckedEntry
}

/// What a report ends with: every account's balance, the totals and the checks, all of them zero.
public struct ReportEnd {
    /// Ascending by name; each account that was named.
    let balances: [(account: ReportAccount, balance: Amount)]
    let totals: JournalTotals
    let checks: [DecidedCheck]
}

/// Writes a report in any number of formats at once, from one pass over its entries.
///
/// Memory does not grow with the number of entries: they are pushed one by one, from whatever cursor they come. If a call
/// throws, the run is over and what was written is of no use; the caller removes it.
public struct ReportRun {
    private let report: Report
    private var accounts: [LedgerAccount: ReportAccount] = [:]
    private var walk: JournalWalk
    private var writers: [any ReportWriter]

    /// Begins all formats.
    public init(_ report: Report, writers: [any ReportWriter]) throws {
        self.report = report
        walk = JournalWalk(report)
        self.writers = writers
        for place in self.writers.indices { try self.writers[place].begin(report) }
    }

    /// Takes the next entry of the books.
    ///
    /// Throws a ``ReportError`` where the entry does not follow, does not balance or lies outside the period, and whatever
    /// a sink throws.
    public mutating func append(_ entry: LedgerEntry) throws {
        try append(
            JournalEntry(entry) { account in
                if let known = accounts[account] { return known }
                let named = ReportAccount(account)
                accounts[account] = named
                return named
            })
    }

    /// Takes the next entry, also of a statement. Throws as that for the books.
    public mutating func append(_ entry: JournalEntry) throws {
        let next = ReportEntry(checked: try walk.take(entry))
        for place in writers.indices { try writers[place].append(next) }
    }

    /// Ends all formats. Only after this are they whole.
    ///
    /// Throws a ``ReportError`` where the journal does not end as the report says or a check is not zero.
    public mutating func finish() throws {
        try walk.finish(report)
        let balances = Set(walk.balances.keys).union(report.closing.keys)
            .map { (account: $0, balance: walk.balances[$0] ?? .zero) }
            .sorted { $0.account.name < $1.account.name }
        let end = ReportEnd(balances: balances, totals: walk.totals, checks: try report.decide(walk.totals))
        for place in writers.indices { try writers[place].finish(end) }
    }
}
