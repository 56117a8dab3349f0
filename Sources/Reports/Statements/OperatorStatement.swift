import Ledger
import Primitives
public import Rewards

/// A node operator's statement without its journal: what it earned and why, lost, claimed and was paid in a period, and what
/// is outstanding, staked and payable.
public struct OperatorStatement: Sendable {
    /// The operator's accounts of the books.
    public let accounts: OperatorAccounts
    /// The operator's part of the books of the period.
    public let books: PeriodBooks
    /// The journal of the period, taken to its end.
    public let journal: OperatorJournal
    /// Rewards with what was measured.
    public let rewards: Schedule
    /// What its stake gave: leaf, time, amount.
    public let penalties: ReportTable
    /// What it claimed: leaf, time, epoch, amount.
    public let claims: ReportTable

    /// Puts a statement together. `books` holds nothing but accounts of `accounts`.
    public init(
        accounts: OperatorAccounts, books: PeriodBooks, journal: OperatorJournal, rewards: Schedule,
        penalties: ReportTable, claims: ReportTable
    ) {
        self.accounts = accounts
        self.books = books
        self.journal = journal
        self.rewards = rewards
        self.penalties = penalties
        self.claims = claims
    }

    /// The statement without its journal. Throws where anything in it disagrees.
    public func report(_ scope: ReportScope) throws -> Report {
        let assets = accounts.assets
        func named(_ balances: [LedgerAccount: Amount]) -> [ReportAccount: Amount] {
            balances.reduce(into: [:]) { named, line in if let asset = assets[line.key] { named[asset] = line.value } }
        }
        let opening = try StatementPostings.opening(named(books.opening))
        // Own accounts close as the books say; of the others only the journal knows.
        let closing = try journal.postings.balances(after: opening).merging(named(books.closing)) { $1 }
        let schedules =
            try Self.rollForwards.map { try $0.schedule(of: books) } + [
                rewards, try Schedule("What the stake gave", penalties, totals: ["amount"]),
                try Schedule("Claims", claims, totals: ["paid"]),
            ]
        func column(_ schedule: String, _ column: String) -> ReportCheck.Source {
            .column(schedule: schedule, column: column)
        }
        return try Report(
            scope: scope, from: opening, to: closing, schedules: schedules,
            checks: [
                ReportCheck(
                    "rewards by epoch = earned", [column("rewards-by-operator", "reward")],
                    equal: [column("rewards", "earned")]),
                ReportCheck(
                    "claims = claimed of rewards", [column("claims", "paid")], equal: [column("rewards", "claimed")]),
                ReportCheck(
                    "penalties = given by the stake", [column("penalties", "amount")],
                    equal: [column("stakes", "given")]),
            ])
    }

    private static let rollForwards = [
        RollForward(
            title: "Rewards: earned, claimed, outstanding", name: "rewards",
            columns: [.added("earned", .distribution), .taken("claimed", .claim)],
            isAccount: { if case .rewards = $0 { true } else { false } }),
        RollForward(
            title: "Stake and unbonding", name: "stakes", columns: [.added("staked", .stake), .taken("given", .cut)],
            isAccount: {
                switch $0 {
                case .stake, .unbonding: true
                default: false
                }
            }),
        RollForward(
            title: "Payable", name: "payables",
            columns: [
                .added("claimed", .claim),
                .added("from_channels", .withdrawal, .close, .cut, .postage, .refund, .deposit),
                .taken("paid_out", .payout),
            ], isAccount: { if case .payable = $0 { true } else { false } }),
    ]
}
