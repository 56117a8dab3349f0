public import Ledger

/// An account as a report's journal names it: one of the books, or one of somebody's own statement.
public struct ReportAccount: Hashable, Sendable {
    /// Its name: words with colons between them, by which accounts sort.
    public let name: String
    /// Whether debits increase the balance; they decrease that of every other account.
    public let isDebit: Bool
    let root: JournalRoot

    init(_ name: String, _ root: JournalRoot, isDebit: Bool) {
        self.name = name
        self.root = root
        self.isDebit = isDebit
    }

    /// An account of the books. Custody is the service's asset, what it keeps for itself its income, and everything else it
    /// owes to somebody.
    public init(_ account: LedgerAccount) {
        let root: JournalRoot =
            switch account {
            case .custody: .assets
            case .protocolIncome: .income
            case .channels, .held, .pool, .rewards, .stake, .unbonding, .appShares, .dust, .payable: .liabilities
            }
        self.init(account.name, root, isDebit: account.isAsset)
    }
}

/// The five roots of the journals' tools.
enum JournalRoot: String {
    case assets = "Assets"
    case liabilities = "Liabilities"
    case equity = "Equity"
    case income = "Income"
    case expenses = "Expenses"
}
