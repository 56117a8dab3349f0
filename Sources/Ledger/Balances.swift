public import Primitives

/// Why an entry can't be posted.
public enum LedgerError: Error, Hashable, Sendable {
    /// An account would fall below zero.
    case insufficient(account: LedgerAccount, balance: Amount, needed: Amount)
    /// Debits and credits differ.
    case unbalanced(debits: Amount, credits: Amount)
    /// A sum is above 2^128 − 1.
    case overflow
    /// The entry's number does not follow the one before.
    case gap(expected: UInt64, found: UInt64)
    /// The entry names another predecessor.
    case chain(number: UInt64)
}

/// What was debited to and credited to an account in all.
public struct AccountTotals: Hashable, Sendable {
    /// Sum of debits.
    public var debits: Amount
    /// Sum of credits.
    public var credits: Amount

    /// Makes totals.
    public init(debits: Amount = .zero, credits: Amount = .zero) {
        self.debits = debits
        self.credits = credits
    }

    /// The balance on the account's own side.
    public func balance(of account: LedgerAccount) throws(AmountError) -> Amount {
        account.isAsset ? try debits.subtracting(credits) : try credits.subtracting(debits)
    }
}

/// The balances of all accounts after some entry.
public struct Balances: Hashable, Sendable {
    /// Each account's totals.
    public private(set) var totals: [LedgerAccount: AccountTotals]
    /// The entry that the balances stand after.
    public private(set) var anchor: EntryAnchor

    /// Starts from stored totals, or from nothing.
    public init(totals: [LedgerAccount: AccountTotals] = [:], anchor: EntryAnchor = .origin) {
        self.totals = totals
        self.anchor = anchor
    }

    /// An account's balance.
    public func balance(of account: LedgerAccount) throws(AmountError) -> Amount {
        try (totals[account] ?? AccountTotals()).balance(of: account)
    }

    /// Posts an entry: it must follow the chain and balance, and no account may fall below zero.
    public mutating func post(_ entry: LedgerEntry) throws(LedgerError) {
        let next = anchor.number.addingClamped(1)
        guard next > anchor.number, entry.number == next else { throw .gap(expected: next, found: entry.number) }
        guard entry.previous == anchor.hash else { throw .chain(number: entry.number) }
        try Self.checkBalanced(entry.postings)
        // Decided before anything changes, so that a refused entry leaves no trace and a good one copies nothing.
        var after: [LedgerAccount: AccountTotals] = [:]
        for posting in entry.postings {
            var total = after[posting.account] ?? totals[posting.account] ?? AccountTotals()
            do {
                total.debits = try total.debits.adding(posting.debit)
                total.credits = try total.credits.adding(posting.credit)
            } catch {
                throw .overflow
            }
            guard (try? total.balance(of: posting.account)) != nil else {
                let needed = posting.account.isAsset ? posting.credit : posting.debit
                let balance = try? (totals[posting.account] ?? AccountTotals()).balance(of: posting.account)
                throw .insufficient(account: posting.account, balance: balance ?? .zero, needed: needed)
            }
            after[posting.account] = total
        }
        for (account, total) in after { totals[account] = total }
        anchor = entry.anchor
    }

    /// Throws unless debits equal credits.
    public static func checkBalanced(_ postings: [Posting]) throws(LedgerError) {
        let debits: Amount
        let credits: Amount
        do {
            debits = try Amount.sum(postings.map(\.debit))
            credits = try Amount.sum(postings.map(\.credit))
        } catch {
            throw .overflow
        }
        guard debits == credits else { throw .unbalanced(debits: debits, credits: credits) }
    }

    /// Custody, and the sum of every other account: equal, always.
    public func conservation() throws(AmountError) -> (custody: Amount, liabilities: Amount) {
        var liabilities = Amount.zero
        for (account, total) in totals where !account.isAsset {
            liabilities = try liabilities.adding(try total.balance(of: account))
        }
        return (try balance(of: .custody), liabilities)
    }
}
