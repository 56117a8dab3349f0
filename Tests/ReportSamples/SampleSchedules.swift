import Ledger
import Primitives
import Reports
import Rewards

/// Schedules that follow from the accounts' totals before and after.
struct SampleSchedules {
    let all: [Schedule]
    let checks: [ReportCheck]

    private let opening: [LedgerAccount: AccountTotals]
    private let closing: [LedgerAccount: AccountTotals]
    private let accounts: [LedgerAccount]

    init(opening: [LedgerAccount: AccountTotals], closing: [LedgerAccount: AccountTotals], isAwkward: Bool) throws {
        self.opening = opening
        self.closing = closing
        accounts = closing.keys.sorted { $0.name < $1.name }
        let accounts = accounts
        let figures = Figures(opening: opening, closing: closing)
        let pools = try figures.rollForward("pool", of: accounts.filter { if case .pool = $0 { true } else { false } })
        let claims = try figures.rollForward(
            "claims", of: accounts.filter { if case .rewards = $0 { true } else { false } })
        let dust = try figures.rollForward("dust", of: accounts.filter { $0 == .dust })
        let trial = ReportTable(
            name: "trial-balance",
            columns: [
                "account", "opening_debits", "opening_credits", "debits", "credits", "closing_debits",
                "closing_credits", "balance",
            ], rows: try accounts.map { try figures.trialRow($0) })
        let rewards = try figures.rewards(accounts)
        let rolls = Schedule.RowCheck.rollForward(
            opening: "opening", additions: ["additions"], reductions: ["reductions"], closing: "closing")
        let poolSchedule = try Schedule(
            "Pool roll-forward", pools, totals: ["opening", "additions", "reductions", "closing"],
            rowChecks: [rolls],
            chart: Schedule.Chart(title: "Pool: additions", categories: "account", values: "additions"))
        let claimSchedule = try Schedule(
            "Claims and outstanding", claims, totals: ["additions", "closing"], rowChecks: [rolls])
        let dustSchedule = try Schedule("Dust", dust, rowChecks: [rolls])
        let notes = ReportTable(
            name: "adjustments", columns: ["text", "amount"],
            rows: isAwkward ? AwkwardText.all.map { [.text($0), .empty] } : [])
        let solvency = ReportTable(
            name: "solvency", columns: ["account", "balance"],
            rows: try accounts.map { [.text($0.name), .amount(try figures.closingBalance($0))] })
        all = [
            try Schedule(
                "Trial balance", trial,
                totals: [
                    "opening_debits", "opening_credits", "debits", "credits", "closing_debits", "closing_credits",
                ],
                rowChecks: Schedule.RowCheck.trialBalance),
            poolSchedule, claimSchedule, dustSchedule,
            try Schedule(
                "Rewards by operator", rewards, totals: ["reward"],
                chart: Schedule.Chart(title: "Rewards", categories: "operator", values: "reward")),
            try Schedule("Adjustments [none]", notes, totals: ["amount"]), try Schedule("Solvency", solvency),
        ]
        let assets = accounts.indices.filter { accounts[$0].isAsset }
        let others = accounts.indices.filter { !accounts[$0].isAsset }
        func solvent(_ row: Int) -> ReportCheck.Source { .cell(schedule: "solvency", column: "balance", row: row) }
        checks =
            ReportCheck.trialBalance()
            + assets.map { row in
                let custody = ReportCheck.Source.cell(schedule: "trial-balance", column: "balance", row: row)
                return ReportCheck(
                    "custody = half of all balances", [custody, custody],
                    equal: [.column(schedule: "trial-balance", column: "balance")])
            } + [
                ReportCheck(
                    "rewards = claims additions", [.column(schedule: "rewards", column: "reward")],
                    equal: [.column(schedule: "claims", column: "additions")]),
                ReportCheck("custody = all others", assets.map(solvent), equal: others.map(solvent)),
            ]
    }
}

/// What accounts' totals come to.
private struct Figures {
    let opening: [LedgerAccount: AccountTotals]
    let closing: [LedgerAccount: AccountTotals]

    func before(_ account: LedgerAccount) -> AccountTotals { opening[account] ?? AccountTotals() }
    func after(_ account: LedgerAccount) -> AccountTotals { closing[account] ?? AccountTotals() }

    func closingBalance(_ account: LedgerAccount) throws -> Amount { try after(account).balance(of: account) }

    func trialRow(_ account: LedgerAccount) throws -> [ReportCell] {
        let (before, after) = (before(account), after(account))
        return [
            .text(account.name), .amount(before.debits), .amount(before.credits),
            .amount(try after.debits.subtracting(before.debits)),
            .amount(try after.credits.subtracting(before.credits)), .amount(after.debits), .amount(after.credits),
            .amount(try after.balance(of: account)),
        ]
    }

    func rollForward(_ name: String, of accounts: [LedgerAccount]) throws -> ReportTable {
        ReportTable(
            name: name, columns: ["account", "opening", "additions", "reductions", "closing"],
            rows: try accounts.map { account in
                let (before, after) = (before(account), after(account))
                return [
                    .text(account.name), .amount(try before.balance(of: account)),
                    .amount(try after.credits.subtracting(before.credits)),
                    .amount(try after.debits.subtracting(before.debits)), .amount(try closingBalance(account)),
                ]
            })
    }

    func rewards(_ accounts: [LedgerAccount]) throws -> ReportTable {
        var rows: [[ReportCell]] = []
        for account in accounts {
            guard case .rewards(let address) = account else { continue }
            rows.append([
                .integer(UInt64(rows.count)), .text(address.hex), .integer(1_000_000_000),
                .amount(try after(account).credits.subtracting(before(account).credits)),
            ])
        }
        return ReportTable(name: "rewards", columns: ["node", "operator", "held_ppb", "reward"], rows: rows)
    }
}
