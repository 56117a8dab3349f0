public import Ledger
public import Primitives

/// Each account's totals before and after a period, and what moved.
public enum TrialBalance {
    /// The columns of ``table(opening:closing:)``.
    public static let columns = [
        "account", "opening_debits", "opening_credits", "debits", "credits", "closing_debits", "closing_credits",
        "balance",
    ]

    /// A row an account that was ever moved, by name. Throws where totals shrink or an account is below zero.
    public static func table(
        opening: [LedgerAccount: AccountTotals], closing: [LedgerAccount: AccountTotals]
    ) throws(AmountError) -> ReportTable {
        var rows: [[ReportCell]] = []
        for account in Set(opening.keys).union(closing.keys).sorted(by: { $0.name < $1.name }) {
            let before = opening[account] ?? AccountTotals()
            let after = closing[account] ?? AccountTotals()
            rows.append([
                .text(account.name), .amount(before.debits), .amount(before.credits),
                .amount(try after.debits.subtracting(before.debits)),
                .amount(try after.credits.subtracting(before.credits)), .amount(after.debits), .amount(after.credits),
                .amount(try after.balance(of: account)),
            ])
        }
        return ReportTable(name: "trial-balance", columns: columns, rows: rows)
    }
}
