public import Ledger
public import Primitives
import Rewards

/// The books of a period without their entries: what its schedules are made of.
public struct PeriodBooks: Sendable {
    /// What was debited and credited before the first entry.
    public let openingTotals: [LedgerAccount: AccountTotals]
    /// What was debited and credited up to the last entry.
    public let closingTotals: [LedgerAccount: AccountTotals]
    /// What moved, by account and kind.
    public let flows: [AccountFlow]
    /// Balances before the first entry, on each account's own side.
    public let opening: [LedgerAccount: Amount]
    /// Balances after the last entry.
    public let closing: [LedgerAccount: Amount]

    /// Makes the books; throws where an account is below zero.
    public init(
        opening: [LedgerAccount: AccountTotals], closing: [LedgerAccount: AccountTotals], flows: [AccountFlow]
    ) throws(AmountError) {
        openingTotals = opening
        closingTotals = closing
        self.flows = flows
        self.opening = try Self.balances(opening)
        self.closing = try Self.balances(closing)
    }

    private static func balances(
        _ totals: [LedgerAccount: AccountTotals]
    ) throws(AmountError) -> [LedgerAccount: Amount] {
        var balances: [LedgerAccount: Amount] = [:]
        for (account, total) in totals { balances[account] = try total.balance(of: account) }
        return balances
    }

    /// Every account that had a balance or moved, by name.
    var accounts: [LedgerAccount] {
        Set(openingTotals.keys).union(closingTotals.keys).sorted { $0.name < $1.name }
    }

    /// The schedules that follow from the books alone, each leading from opening to closing.
    public func schedules() throws -> [Schedule] {
        var schedules = [try trialBalance()]
        for rollForward in Self.rollForwards { schedules.append(try rollForward.schedule(of: self)) }
        return schedules + [try solvency()]
    }

    /// What has to agree besides: the trial balance, the roll-forwards' closing with the balances.
    public var checks: [ReportCheck] { ReportCheck.trialBalance() }

    private func trialBalance() throws -> Schedule {
        try Schedule(
            "Trial balance", try TrialBalance.table(opening: openingTotals, closing: closingTotals),
            totals: ["opening_debits", "opening_credits", "debits", "credits", "closing_debits", "closing_credits"],
            rowChecks: Schedule.RowCheck.trialBalance)
    }

    private static let rollForwards: [RollForward] = [
        RollForward(
            title: "Fee pools", name: "pools",
            columns: [
                .added("base", .cut), .added("storage", .midnight), .added("postage", .postage),
                .added("granted", .grant), .added("dust", .dust), .added("corrected_in", .correction),
                .taken("repaid", .refund), .taken("corrected_out", .correction), .taken("distributed", .distribution),
            ], isAccount: { if case .pool = $0 { true } else { false } },
            chart: Schedule.Chart(title: "Pools at the end", categories: "account", values: "closing")),
        RollForward(
            title: "Held fees", name: "held",
            columns: [
                .added("charged", .charge), .taken("midnights", .midnight), .taken("cuts", .cut),
                .taken("postage", .postage), .taken("returned", .refund),
            ], isAccount: { if case .held = $0 { true } else { false } }),
        RollForward(
            title: "Channels", name: "channels",
            columns: [
                .added("deposited", .deposit), .added("returned", .cut, .postage, .refund), .taken("charged", .charge),
                .taken("withdrawn", .withdrawal), .taken("closed", .close),
            ], isAccount: { $0 == .channels }),
        RollForward(
            title: "Rewards, claims and what is outstanding", name: "rewards",
            columns: [
                .added("earned", .distribution), .added("corrected_in", .correction), .taken("claimed", .claim),
                .taken("corrected_out", .correction),
            ],
            isAccount: { if case .rewards = $0 { true } else { false } },
            chart: Schedule.Chart(title: "Rewards earned", categories: "account", values: "earned")),
        RollForward(
            title: "Dust", name: "dust", columns: [.added("remainders", .distribution), .taken("carried", .dust)],
            isAccount: { $0 == .dust }),
        RollForward(
            title: "Stakes", name: "stakes", columns: [.added("staked", .stake), .taken("returned", .cut)],
            isAccount: {
                switch $0 {
                case .stake, .unbonding: true
                default: false
                }
            }),
        RollForward(
            title: "Protocol and applications", name: "income",
            columns: [
                .added("congestion", .cut), .added("shares", .distribution), .added("corrected_in", .correction),
                .taken("corrected_out", .correction),
            ],
            isAccount: { $0 == .protocolIncome || $0 == .appShares }),
        RollForward(
            title: "Payables", name: "payables",
            columns: [
                .added("closed", .close), .added("withdrawn", .withdrawal), .added("claimed", .claim),
                .added("returned", .cut, .postage, .refund), .added("deposited", .deposit),
                .taken("paid_out", .payout),
            ], isAccount: { if case .payable = $0 { true } else { false } }),
        RollForward(
            title: "Custody", name: "custody",
            columns: [
                .added("deposited", .deposit), .added("staked", .stake), .added("granted", .grant),
                .taken("paid_out", .payout),
            ], isAccount: { $0 == .custody }),
    ]

    /// What custody is held for, by class.
    private func solvency() throws -> Schedule {
        var classes: [String: Amount] = [:]
        for (account, balance) in closing where !account.isAsset {
            let name = account.name.split(separator: ":").first.map(String.init) ?? account.name
            classes[name] = try (classes[name] ?? .zero).adding(balance)
        }
        let custody = closing[.custody] ?? .zero
        let rows = classes.sorted { $0.key < $1.key }.map { [ReportCell.text($0.key), .amount($0.value), .empty] }
        return try Schedule(
            "Solvency",
            ReportTable(
                name: "solvency", columns: ["what", "owed", "held"],
                rows: rows + [[.text("custody"), .empty, .amount(custody)]]), totals: ["owed", "held"])
    }
}
