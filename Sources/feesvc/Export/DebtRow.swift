/// What a pool owed a channel when its epoch ended, and what of it was paid: a row of `debts.csv`.
enum DebtRow {
    static let form = TableForm(name: "debts", columns: ["debt", "channel", "ground", "owed", "paid"])
}
