/// Figures of a report that have to agree to the last unit, whatever their size.
///
/// A report with a check that is not zero is not issued. A workbook states each check again as live formulas.
public struct ReportCheck: Hashable, Sendable {
    /// Where a figure comes from.
    public enum Source: Hashable, Sendable {
        /// The sum of a column's amounts and counts.
        case column(schedule: String, column: String)
        /// One amount or count; rows count from 0.
        case cell(schedule: String, column: String, row: Int)
        /// All debits of the journal's entries, opening balances left out.
        case journalDebits
        /// All credits of the journal's entries, opening balances left out.
        case journalCredits

        /// The source in a report: `rewards.reward`, `pool.closing[0]`, `journal.debit`.
        var text: String {
            switch self {
            case .column(let schedule, let column): "\(schedule).\(column)"
            case .cell(let schedule, let column, let row): "\(schedule).\(column)[\(row)]"
            case .journalDebits: "journal.debit"
            case .journalCredits: "journal.credit"
            }
        }
    }

    /// A figure and its sign.
    struct Term: Hashable, Sendable {
        let source: Source
        let isSubtracted: Bool
    }

    /// What agrees, in words.
    public let name: String
    let terms: [Term]

    /// Makes a check: the figures of `added` and of `subtracted` have one sum.
    public init(_ name: String, _ added: [Source], equal subtracted: [Source]) {
        self.name = name
        terms =
            added.map { Term(source: $0, isSubtracted: false) }
            + subtracted.map { Term(source: $0, isSubtracted: true) }
    }

    /// Whether it can be decided only at the journal's end.
    var isOfJournal: Bool { terms.contains { $0.source == .journalDebits || $0.source == .journalCredits } }
}

extension ReportCheck {
    /// Debits and credits of the journal.
    static let journal = ReportCheck("journal: debits = credits", [.journalDebits], equal: [.journalCredits])

    /// Debit balances add up to the credit balances: in the books, custody to all that is owed.
    static func balances(_ schedule: String, _ side: String) -> ReportCheck {
        ReportCheck(
            "\(schedule): \(side) debits = credits", [.column(schedule: schedule, column: "\(side)_debit")],
            equal: [.column(schedule: schedule, column: "\(side)_credit")])
    }

    /// What a trial balance has to satisfy: each of its pairs balances, and its movements are the journal's.
    ///
    /// The columns are those of the export's `trial-balance`.
    public static func trialBalance(schedule: String = "trial-balance") -> [ReportCheck] {
        func column(_ name: String) -> [Source] { [.column(schedule: schedule, column: name)] }
        return [
            ReportCheck(
                "\(schedule): opening debits = credits", column("opening_debits"), equal: column("opening_credits")),
            ReportCheck("\(schedule): debits = credits", column("debits"), equal: column("credits")),
            ReportCheck(
                "\(schedule): closing debits = credits", column("closing_debits"), equal: column("closing_credits")),
            ReportCheck("journal debits = \(schedule) debits", [.journalDebits], equal: column("debits")),
            ReportCheck("journal credits = \(schedule) credits", [.journalCredits], equal: column("credits")),
        ]
    }
}

/// A check with its figures.
struct DecidedCheck: Sendable {
    let check: ReportCheck
    /// The terms' figures, in order, without their signs.
    let figures: [AmountParts]

    /// The sums of what is added and of what is subtracted.
    var sides: (added: AmountParts, subtracted: AmountParts) {
        var sides = (added: AmountParts.zero, subtracted: AmountParts.zero)
        for (term, figure) in zip(check.terms, figures) {
            if term.isSubtracted { sides.subtracted += figure } else { sides.added += figure }
        }
        return sides
    }

    /// What is added less what is subtracted.
    var difference: AmountParts {
        var difference = sides.added
        difference -= sides.subtracted
        return difference
    }

    /// Throws ``ReportError/check(name:added:subtracted:)`` unless it is zero.
    func require() throws(ReportError) {
        guard difference.isZero else {
            throw .check(name: check.name, added: sides.added.decimal, subtracted: sides.subtracted.decimal)
        }
    }
}
