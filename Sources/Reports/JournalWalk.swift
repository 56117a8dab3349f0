import Ledger
import Primitives

/// An entry that was checked, with what every format needs to know of it.
struct CheckedEntry {
    let entry: JournalEntry
    /// The most that a program which adds the journal up has to hold for this entry: the largest of its debits' sum and
    /// the balances after it.
    let largestSum: Amount
}

/// What all entries come to.
struct JournalTotals: Hashable, Sendable {
    var entries: UInt64 = 0
    var postings: UInt64 = 0
    var debits = AmountParts.zero
    var credits = AmountParts.zero
}

/// Follows a journal from the opening balances: each entry continues the chain, balances, lies in the period and takes no
/// account below zero. Memory grows with the accounts, not with the entries.
struct JournalWalk {
    private let scope: ReportScope
    private(set) var balances: [ReportAccount: Amount]
    private(set) var totals = JournalTotals()
    private var last: EntryAnchor?
    private var lastTime: UInt64

    init(_ report: Report) {
        scope = report.scope
        balances = report.opening
        lastTime = report.scope.from
        // A statement numbers its own entries; the scope names those of the books.
        if report.scope.subject != .books { last = .origin }
    }

    mutating func take(_ entry: JournalEntry) throws(ReportError) -> CheckedEntry {
        if let last {
            guard last.number < .max, entry.number == last.number + 1 else {
                throw .entry(
                    number: entry.number, .gap(expected: last.number.addingClamped(1), found: entry.number))
            }
            guard entry.previous == last.hash else {
                throw .entry(number: entry.number, .chain(number: entry.number))
            }
        } else {
            guard entry.anchor == scope.entries?.first else {
                throw .entries(expected: scope.entries?.first, found: entry.anchor)
            }
        }
        guard entry.time >= lastTime, entry.time <= scope.to else { throw .time(entry: entry.number) }
        try checkBalanced(entry)
        let largest = try post(entry)
        last = entry.anchor
        lastTime = entry.time
        totals.entries += 1
        return CheckedEntry(entry: entry, largestSum: largest)
    }

    private func checkBalanced(_ entry: JournalEntry) throws(ReportError) {
        let debits: Amount
        let credits: Amount
        do {
            debits = try Amount.sum(entry.postings.map(\.debit))
            credits = try Amount.sum(entry.postings.map(\.credit))
        } catch {
            throw .entry(number: entry.number, .overflow)
        }
        guard debits == credits else {
            throw .entry(number: entry.number, .unbalanced(debits: debits, credits: credits))
        }
    }

    /// Posts, and returns the largest sum; after an error the walk is of no more use.
    private mutating func post(_ entry: JournalEntry) throws(ReportError) -> Amount {
        var largest = Amount.zero
        var debits = Amount.zero
        for posting in entry.postings {
            let account = posting.account
            let before = balances[account] ?? .zero
            let (more, less) = account.isDebit ? (posting.debit, posting.credit) : (posting.credit, posting.debit)
            let sum: Amount
            do {
                sum = try before.adding(more)
                debits = try debits.adding(posting.debit)
            } catch {
                throw .entry(number: entry.number, .overflow)
            }
            guard let after = try? sum.subtracting(less) else {
                throw .insufficient(entry: entry.number, account: account.name, balance: before, needed: less)
            }
            balances[account] = after
            largest = max(largest, after)
            totals.postings += 1
            totals.debits += AmountParts(posting.debit)
            totals.credits += AmountParts(posting.credit)
        }
        return max(largest, debits)
    }

    /// Requires that the walk ended where the report says.
    func finish(_ report: Report) throws(ReportError) {
        guard scope.subject != .books || last == scope.entries?.last else {
            throw .entries(expected: scope.entries?.last, found: last)
        }
        for account in Set(balances.keys).union(report.closing.keys).sorted(by: { $0.name < $1.name }) {
            let found = balances[account] ?? .zero
            let expected = report.closing[account] ?? .zero
            guard found == expected else {
                throw .closing(account: account.name, expected: expected, found: found)
            }
        }
    }
}
