import Primitives

/// Debits and credits by account: of one entry, or of a whole period.
struct StatementPostings {
    private var debits: [ReportAccount: Amount] = [:]
    private var credits: [ReportAccount: Amount] = [:]

    var isEmpty: Bool { debits.isEmpty && credits.isEmpty }
    var accounts: Set<ReportAccount> { Set(debits.keys).union(credits.keys) }

    /// Moves money: debits `to` and credits `from`. Nothing is posted for zero.
    mutating func move(_ amount: Amount, from: ReportAccount, to: ReportAccount) throws(AmountError) {
        try post(amount, debit: to)
        try post(amount, credit: from)
    }

    mutating func post(_ amount: Amount, debit account: ReportAccount) throws(AmountError) {
        guard amount > .zero else { return }
        debits[account] = try (debits[account] ?? .zero).adding(amount)
    }

    mutating func post(_ amount: Amount, credit account: ReportAccount) throws(AmountError) {
        guard amount > .zero else { return }
        credits[account] = try (credits[account] ?? .zero).adding(amount)
    }

    /// Those of an entry: one an account whose debits and credits differ, ascending by name.
    var netted: [JournalEntry.Posting] {
        accounts.compactMap { account -> JournalEntry.Posting? in
            let debit = debits[account]?.units ?? 0
            let credit = credits[account]?.units ?? 0
            if debit > credit { return .init(account: account, debit: Amount(debit - credit), credit: .zero) }
            if credit > debit { return .init(account: account, debit: .zero, credit: Amount(credit - debit)) }
            return nil
        }.sorted { $0.account.name < $1.account.name }
    }

    /// Each account's balance on its own side, after one of `opening`.
    ///
    /// Throws ``ReportError/insufficient(entry:account:balance:needed:)`` where an account falls below zero.
    func balances(after opening: [ReportAccount: Amount] = [:]) throws -> [ReportAccount: Amount] {
        var balances = opening
        for account in accounts {
            let (debit, credit) = (debits[account] ?? .zero, credits[account] ?? .zero)
            let (more, less) = account.isDebit ? (debit, credit) : (credit, debit)
            let sum = try (opening[account] ?? .zero).adding(more)
            guard less <= sum else {
                throw ReportError.insufficient(entry: 0, account: account.name, balance: sum, needed: less)
            }
            balances[account] = try sum.subtracting(less)
        }
        return balances
    }

    /// The opening balances of a statement: those of its assets, and against them one of all.
    static func opening(_ balances: [ReportAccount: Amount]) throws(AmountError) -> [ReportAccount: Amount] {
        var opening = balances.filter { $0.key.root == .assets && $0.value > .zero }
        let sum = try Amount.sum(opening.values)
        if sum > .zero { opening[.opening] = sum }
        return opening
    }
}
