import Ledger

/// Those of the five roots of the journals' tools that the ledger has accounts of.
enum JournalRoot: String {
    case assets = "Assets"
    case liabilities = "Liabilities"
    case income = "Income"
}

extension LedgerAccount {
    /// Custody is the service's asset, what it keeps for itself its income, and everything else it owes to somebody.
    var journalRoot: JournalRoot {
        switch self {
        case .custody: .assets
        case .protocolIncome: .income
        case .channels, .held, .pool, .rewards, .stake, .unbonding, .appShares, .dust, .payable: .liabilities
        }
    }
}
