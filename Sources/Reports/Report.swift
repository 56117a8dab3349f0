public import Ledger
public import Primitives
import Rewards

/// A report's content without its journal: what all formats are written from, so that they can't differ.
///
/// The journal follows entry by entry through ``ReportRun``, because there may be more of it than fits into memory.
public struct Report: Sendable {
    /// What it speaks of.
    public let scope: ReportScope
    /// Each account's balance before the first entry, on the account's own side.
    public let opening: [LedgerAccount: Amount]
    /// Each account's balance after the last entry, on the account's own side; the journal has to lead there.
    public let closing: [LedgerAccount: Amount]
    /// The schedules, in the order in which they are shown; the balances are the last.
    public let schedules: [Schedule]
    /// What has to agree; the journal's debits and credits and the balances are the first.
    public let checks: [ReportCheck]

    /// Makes a report, unless something in it disagrees.
    ///
    /// Throws ``ReportError/unbalanced(custody:others:)`` where custody is not the sum of all other accounts,
    /// ``ReportError/check(name:added:subtracted:)`` where a check is not zero, and ``ReportError/duplicate(name:)`` or
    /// ``ReportError/missing(name:)`` where names are.
    public init(
        scope: ReportScope, opening: [LedgerAccount: Amount], closing: [LedgerAccount: Amount], schedules: [Schedule],
        checks: [ReportCheck]
    ) throws(ReportError) {
        for balances in [opening, closing] {
            let custody = AmountParts(balances[.custody] ?? .zero)
            let others = Self.sumOfLiabilities(balances)
            var difference = custody
            difference -= others
            guard difference.isZero else { throw .unbalanced(custody: custody.decimal, others: others.decimal) }
        }
        let balances = Self.balances(opening, closing)
        let all = schedules + [try Schedule("Balances", balances)]
        var names: Set<String> = ["journal"]
        for schedule in all where !names.insert(schedule.table.name).inserted {
            throw .duplicate(name: schedule.table.name)
        }
        self.scope = scope
        self.opening = opening
        self.closing = closing
        self.schedules = all
        let custody = balances.rows.firstIndex { $0.first == .text(LedgerAccount.custody.name) }
        let own = ["opening", "closing"].compactMap { column in
            custody.map { ReportCheck.balances(schedule: balances.name, column: column, custodyRow: $0) }
        }
        self.checks = [.journal] + own + checks
        for check in self.checks {
            let figures = try figures(of: check, journal: nil)
            if !check.isOfJournal { try DecidedCheck(check: check, figures: figures).require() }
        }
    }

    /// The accounts that have a balance at the beginning or the end, by name.
    private static func balances(
        _ opening: [LedgerAccount: Amount], _ closing: [LedgerAccount: Amount]
    ) -> ReportTable {
        let accounts = Set(opening.keys).union(closing.keys).sorted { $0.name < $1.name }
        return ReportTable(
            name: "balances", columns: ["account", "opening", "closing"],
            rows: accounts.map {
                [.text($0.name), .amount(opening[$0] ?? .zero), .amount(closing[$0] ?? .zero)]
            })
    }

    private static func sumOfLiabilities(_ balances: [LedgerAccount: Amount]) -> AmountParts {
        balances.reduce(into: .zero) { sum, line in
            if !line.key.isAsset { sum += AmountParts(line.value) }
        }
    }

    /// The checks with their figures, all zero.
    func decide(_ journal: JournalTotals) throws(ReportError) -> [DecidedCheck] {
        var decided: [DecidedCheck] = []
        for check in checks {
            let one = DecidedCheck(check: check, figures: try figures(of: check, journal: journal))
            try one.require()
            decided.append(one)
        }
        return decided
    }

    private func figures(of check: ReportCheck, journal: JournalTotals?) throws(ReportError) -> [AmountParts] {
        var figures: [AmountParts] = []
        for term in check.terms { figures.append(try figure(term.source, journal: journal)) }
        return figures
    }

    private func figure(_ source: ReportCheck.Source, journal: JournalTotals?) throws(ReportError) -> AmountParts {
        let figure: AmountParts?
        switch source {
        case .journalDebits: figure = journal?.debits ?? .zero
        case .journalCredits: figure = journal?.credits ?? .zero
        case .column(let schedule, let column):
            let table = table(named: schedule)
            figure = table?.place(of: column).flatMap { table?.sum(ofColumn: $0) }
        case .cell(let schedule, let column, let row):
            let table = table(named: schedule)
            let cells = table.flatMap { $0.rows.indices.contains(row) ? $0.rows[row] : nil }
            figure = table?.place(of: column).flatMap { cells?[$0].parts }
        }
        guard let figure else { throw .missing(name: source.text) }
        return figure
    }

    private func table(named name: String) -> ReportTable? {
        schedules.first { $0.table.name == name }?.table
    }
}
