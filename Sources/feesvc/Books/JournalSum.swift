import Ledger
import Primitives

/// What entries add up to, account by account.
struct JournalSum {
    /// An account's line; balances are on the account's own side, `nil` where only some kinds are added up.
    struct Line: Encodable {
        let account: String
        let opening: Amount?
        let debits: Amount
        let credits: Amount
        let closing: Amount?
    }

    private(set) var entries = 0
    private let opening: [LedgerAccount: AccountTotals]?
    private var moved: [LedgerAccount: AccountTotals] = [:]

    init(opening: [LedgerAccount: AccountTotals]?) {
        self.opening = opening
    }

    mutating func add(_ postings: [Posting]) throws(AmountError) {
        entries += 1
        for posting in postings {
            let totals = moved[posting.account] ?? AccountTotals()
            moved[posting.account] = AccountTotals(
                debits: try totals.debits.adding(posting.debit), credits: try totals.credits.adding(posting.credit))
        }
    }

    /// A line an account by name; below several of what is owed one of all together.
    func lines(_ isIncluded: (LedgerAccount) -> Bool) throws(AmountError) -> [Line] {
        let accounts = Set(moved.keys).union(opening.map { Array($0.keys) } ?? []).filter(isIncluded)
        var lines: [Line] = []
        for account in accounts.sorted(by: { $0.name < $1.name }) { lines.append(try line(account)) }
        if lines.count > 1, !accounts.contains(where: \.isAsset) { lines.append(try Self.all(lines)) }
        return lines
    }

    private func line(_ account: LedgerAccount) throws(AmountError) -> Line {
        let moved = moved[account] ?? AccountTotals()
        guard let before = opening.map({ $0[account] ?? AccountTotals() }) else {
            return Line(
                account: account.name, opening: nil, debits: moved.debits, credits: moved.credits, closing: nil)
        }
        let after = AccountTotals(
            debits: try before.debits.adding(moved.debits), credits: try before.credits.adding(moved.credits))
        return Line(
            account: account.name, opening: try before.balance(of: account), debits: moved.debits,
            credits: moved.credits, closing: try after.balance(of: account))
    }

    private static func all(_ lines: [Line]) throws(AmountError) -> Line {
        func sum(_ amounts: [Amount?]) throws(AmountError) -> Amount? {
            let known = amounts.compactMap(\.self)
            return known.count == amounts.count ? try Amount.sum(known) : nil
        }
        return Line(
            account: "all", opening: try sum(lines.map(\.opening)), debits: try Amount.sum(lines.map(\.debits)),
            credits: try Amount.sum(lines.map(\.credits)), closing: try sum(lines.map(\.closing)))
    }
}
