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
    /// Custody differs from the sum of all other accounts.
    case unbalanced(custody: String, others: String)
    /// A check is not zero; both sides are exact.
    case check(name: String, added: String, subtracted: String)
    /// An entry does not follow the one before, does not balance, or takes an account below zero.
    case entry(number: UInt64, LedgerError)
    /// An entry's time is outside the period, or before that of the entry before.
    case time(entry: UInt64)
    /// The entries are not those that the scope names: what was expected and found at its beginning or end.
    case entries(expected: EntryAnchor?, found: EntryAnchor?)
    /// An account does not end where the report says.
    case closing(account: LedgerAccount, expected: Amount, found: Amount)
    /// Beancount computes with 28 digits; from this entry on a sum would need more. 0 stands for the opening balances.
    case beancountDigits(entry: UInt64)
    /// A text is longer than a spreadsheet's cell can hold, in UTF-16 units.
    case cellText(length: Int)
    /// The workbook can't be written: what the library or the disk says.
    case workbook(reason: String)
}
