public import Primitives

/// What is wrong with a journal as it is stored.
public enum JournalFault: Error, Hashable, Sendable {
    /// The entry's bytes do not give the hash on record: it was altered.
    case altered(number: UInt64)
    /// The entry does not follow the one before: one was dropped, inserted or swapped.
    case order(expected: UInt64, found: UInt64)
    /// The entry names another predecessor.
    case chain(number: UInt64)
    /// The entry can't be posted.
    case posting(number: UInt64, LedgerError)
    /// Time or epoch of the entry are before those of the one before.
    case backwards(number: UInt64)
    /// The journal ends elsewhere than was noted: its tail was cut, or something was appended.
    case end(expected: EntryAnchor, found: EntryAnchor, by: String)
    /// The stored totals of an account are not the sum of its postings.
    case totals(LedgerAccount, stored: AccountTotals, summed: AccountTotals)
    /// A balance is not the sum of what it stands for.
    case control(account: LedgerAccount, balance: Amount, sum: Amount)
    /// Custody is not what is owed.
    case conservation(custody: Amount, liabilities: Amount)

    /// One sentence: what is wrong, and where.
    public var description: String {
        switch self {
        case .altered(let number): "Entry \(number) was altered: its bytes do not give the hash on record."
        case .order(let expected, let found):
            "Entry \(expected) should come next, and entry \(found) does: one was dropped, inserted or swapped."
        case .chain(let number):
            "Entry \(number) does not name entry \(number - 1)'s hash: one of the two was replaced."
        case .posting(let number, let error): "Entry \(number) can't be: \(error)."
        case .backwards(let number): "Entry \(number) has an earlier time or epoch than the entry before it."
        case .end(let expected, let found, let witness):
            "The journal ends with entry \(found.number) (\(found.hash)), and \(witness) says \(expected.number) "
                + "(\(expected.hash)): its tail was cut or replaced."
        case .totals(let account, let stored, let summed):
            "Account \(account) is kept with debits \(stored.debits) and credits \(stored.credits); its postings are "
                + "\(summed.debits) and \(summed.credits)."
        case .control(let account, let balance, let sum):
            "Account \(account) has \(balance), and what it stands for adds up to \(sum)."
        case .conservation(let custody, let liabilities):
            "Custody is \(custody), and what is owed adds up to \(liabilities)."
        }
    }
}

extension JournalFault: CustomStringConvertible {}

/// Follows a journal from its first entry on, as somebody who trusts no row of it.
public struct JournalCheck: Sendable {
    /// The balances after the entries so far.
    public private(set) var balances = Balances()
    /// How many postings the entries had.
    public private(set) var postings: UInt64 = 0
    private var time: UInt64 = 0
    private var epoch: UInt64 = 0

    /// Starts before the first entry.
    public init() {}

    /// Takes in the next entry, with the hash that is on record for it.
    public mutating func follow(_ entry: LedgerEntry, stored hash: Bytes32) throws(JournalFault) {
        let expected = balances.anchor.number.addingClamped(1)
        guard entry.number == expected else { throw .order(expected: expected, found: entry.number) }
        guard entry.previous == balances.anchor.hash else { throw .chain(number: entry.number) }
        guard entry.hash == hash else { throw .altered(number: entry.number) }
        guard entry.time >= time, entry.epoch >= epoch else { throw .backwards(number: entry.number) }
        do {
            try balances.post(entry)
        } catch {
            throw .posting(number: entry.number, error)
        }
        (time, epoch) = (entry.time, entry.epoch)
        postings += UInt64(entry.postings.count)
    }

    /// Checks that the journal so far ends where somebody noted that it does.
    public func checkEnd(_ anchor: EntryAnchor, by witness: String) throws(JournalFault) {
        guard balances.anchor == anchor else {
            throw .end(expected: anchor, found: balances.anchor, by: witness)
        }
    }

    /// Checks the totals that are kept beside the journal.
    public func check(totals stored: [LedgerAccount: AccountTotals]) throws(JournalFault) {
        for account in Set(stored.keys).union(balances.totals.keys).sorted(by: { $0.name < $1.name }) {
            let (kept, summed) = (stored[account] ?? AccountTotals(), balances.totals[account] ?? AccountTotals())
            guard kept == summed else { throw .totals(account, stored: kept, summed: summed) }
        }
    }

    /// Checks a control account against the sum of its sub-ledger.
    public func check(_ account: LedgerAccount, is sum: Amount) throws(JournalFault) {
        let balance = (try? balances.balance(of: account)) ?? .zero
        guard balance == sum else { throw .control(account: account, balance: balance, sum: sum) }
    }

    /// Checks that custody equals the sum of every other account.
    public func checkConservation() throws(JournalFault) {
        guard let sums = try? balances.conservation(), sums.custody == sums.liabilities else {
            let sums = try? balances.conservation()
            throw .conservation(custody: sums?.custody ?? .zero, liabilities: sums?.liabilities ?? .max)
        }
    }
}
