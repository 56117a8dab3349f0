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
    public let opening: [ReportAccount: Amount]
    /// Each account's balance after the last entry, on the account's own side; the journal has to lead there.
    public let closing: [ReportAccount: Amount]
    /// The schedules, in the order in which they are shown; the balances are the last.
    public let schedules: [Schedule]
    /// What has to agree; the journal's debits and credits and the balances are the first.
    public let checks: [ReportCheck]

    /// Makes a report of the books, unless something in it disagrees.
    ///
    /// Throws ``ReportError/unbalanced(debits:credits:)`` where custody is not the sum of all other accounts,
    /// ``ReportError/check(name:added:subtracted:)`` where a check is not zero, and ``ReportError/duplicate(name:)`` or
    /// ``ReportError/missing(name:)`` where names are.
    public init(
        scope: ReportScope, opening: [LedgerAccount: Amount], closing: [LedgerAccount: Amount], schedules: [Schedule],
        checks: [ReportCheck]
    ) throws(ReportError) {
        func named(_ balances: [LedgerAccount: Amount]) -> [ReportAccount: Amount] {
            Dictionary(uniqueKeysWithValues: balances.map { (ReportAccount($0), $1) })
        }
        try self.init(
            scope: scope, from: named(opening), to: named(closing), schedules: schedules, checks: checks)
    }

    /// Makes a report of any accounts; throws as that of the books.
    init(
        scope: ReportScope, from opening: [ReportAccount: Amount], to closing: [ReportAccount: Amount],
        schedules: [Schedule], checks: [ReportCheck]
    ) throws(ReportError) {
        for balances in [opening, closing] {
            let (debits, credits) = Self.sides(of: balances)
            var difference = debits
            difference -= credits
            guard difference.isZero else { throw .unbalanced(debits: debits.decimal, credits: credits.decimal) }
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
        self.checks = [.journal] + ["opening", "closing"].map { ReportCheck.balances(balances.name, $0) } + checks
        for check in self.checks {
            let figures = try figures(of: check, journal: nil)
            if !check.isOfJournal { try DecidedCheck(check: check, figures: figures).require() }
        }
    }

    /// The accounts that have a balance at the beginning or the end, by name.
    private static func balances(
        _ opening: [ReportAccount: Amount], _ closing: [ReportAccount: Amount]
    ) -> ReportTable {
        let accounts = Set(opening.keys).union(closing.keys).sorted { $0.name < $1.name }
        return ReportTable(
            name: "balances",
            columns: ["account", "opening_debit", "opening_credit", "closing_debit", "closing_credit"],
            rows: accounts.map { account in
                [.text(account.name)]
                    + [opening, closing].flatMap { balances -> [ReportCell] in
                        let balance = balances[account] ?? .zero
                        return [
                            .amount(account.isDebit ? balance : .zero), .amount(account.isDebit ? .zero : balance),
                        ]
                    }
            })
    }

    private static func sides(of balances: [ReportAccount: Amount]) -> (debits: AmountParts, credits: AmountParts) {
        var sides = (debits: AmountParts.zero, credits: AmountParts.zero)
        for (account, balance) in balances {
            if account.isDebit { sides.debits += AmountParts(balance) } else { sides.credits += AmountParts(balance) }
        }
        return sides
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
