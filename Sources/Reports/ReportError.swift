public import Ledger
public import Primitives

/// Why a report is not issued. A report that was begun when it is thrown is worth nothing and is deleted by the caller.
public enum ReportError: Error, Hashable, Sendable {
    /// The period ends before it begins, or later than dates can be written.
    case period(from: UInt64, to: UInt64)
    /// The currency has more decimals than an instance may have.
    case scale(UInt8)
    /// Two schedules, or two columns of one, have one name.
    case duplicate(name: String)
    /// A total, chart or check names a schedule, column or row that is not there.
    case missing(name: String)
    /// The balances on the debit side differ from those on the credit side.
    case unbalanced(debits: String, credits: String)
    /// A check is not zero; both sides are exact.
    case check(name: String, added: String, subtracted: String)
    /// An entry does not follow the one before, or does not balance.
    case entry(number: UInt64, LedgerError)
    /// An entry takes an account below zero.
    case insufficient(entry: UInt64, account: String, balance: Amount, needed: Amount)
    /// An entry's time is outside the period, or before that of the entry before.
    case time(entry: UInt64)
    /// The entries are not those that the scope names: what was expected and found at its beginning or end.
    case entries(expected: EntryAnchor?, found: EntryAnchor?)
    /// An account does not end where the report says.
    case closing(account: String, expected: Amount, found: Amount)
    /// Beancount computes with 28 digits; from this entry on a sum would need more. 0 stands for the opening balances.
    case beancountDigits(entry: UInt64)
    /// A text is longer than a spreadsheet's cell can hold, in UTF-16 units.
    case cellText(length: Int)
    /// The workbook can't be written: what the library or the disk says.
    case workbook(reason: String)
}

extension ReportError: CustomStringConvertible {
    /// One sentence: what disagrees, or what can't be written.
    public var description: String {
        switch self {
        case .period(let from, let to):
            "A report can't be from Unix time \(from) to \(to); it ends after it begins, and before the year 9999 does."
        case .scale(let scale):
            "A currency with \(scale) decimals is none; an instance has at most \(ReportScope.scaleMax)."
        case .duplicate(let name): "Two things in the report are named \(name)."
        case .missing(let name): "A check or total of the report names \(name), which is not there."
        case .unbalanced(let debits, let credits):
            "The balances do not balance, so nothing is written: debits \(debits), credits \(credits)."
        case .check(let name, let added, let subtracted):
            "A check is not zero, so nothing is written: \(name), \(added) against \(subtracted)."
        case .entry(let number, let error): "Entry \(number) can't be, so nothing is written: \(error)."
        case .insufficient(let entry, let account, let balance, let needed):
            "Entry \(entry) takes \(needed) from \(account), which has \(balance), so nothing is written."
        case .time(let entry): "Entry \(entry) has a time outside the period, or before that of the entry before it."
        case .entries(let expected, let found):
            "The journal should begin or end with entry \(expected?.number ?? 0), and entry \(found?.number ?? 0) does."
        case .closing(let account, let expected, let found):
            "Account \(account) should close with \(expected), and the journal leads to \(found), so nothing is written."
        case .beancountDigits(let entry):
            "From entry \(entry) on a sum has more than 28 digits, which beancount can't add up; leave that format out."
        case .cellText(let length):
            "A text of \(length) characters is longer than a spreadsheet's cell can hold; leave that format out."
        case .workbook(let reason): "The workbook can't be written: \(reason)."
        }
    }
}
