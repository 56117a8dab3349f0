import Ledger
import Primitives

/// What a journal's entries moved, by kind of entry and by account; accounts of one kind that belong to addresses are one
/// here, so that this does not grow with who owns them.
struct JournalSums {
    private var kinds: [EntryKind: [LedgerAccount: AccountTotals]] = [:]
    private var distributions: [String: Amount] = [:]

    mutating func add(_ entry: LedgerEntry) throws(AmountError) {
        for posting in entry.postings {
            let account = posting.account.ofAnybody
            var totals = kinds[entry.kind]?[account] ?? AccountTotals()
            totals.debits = try totals.debits.adding(posting.debit)
            totals.credits = try totals.credits.adding(posting.credit)
            kinds[entry.kind, default: [:]][account] = totals
            if entry.kind == .distribution, case .rewards = posting.account {
                distributions[entry.reference] = try (distributions[entry.reference] ?? .zero).adding(posting.credit)
            }
        }
    }

    /// What entries of a kind credited to accounts.
    func credits(of kind: EntryKind, to isAccount: (LedgerAccount) -> Bool) throws(AmountError) -> Amount {
        try Amount.sum((kinds[kind] ?? [:]).filter { isAccount($0.key) }.values.map(\.credits))
    }

    /// What entries of a kind debited to accounts.
    func debits(of kind: EntryKind, to isAccount: (LedgerAccount) -> Bool) throws(AmountError) -> Amount {
        try Amount.sum((kinds[kind] ?? [:]).filter { isAccount($0.key) }.values.map(\.debits))
    }

    /// What distributions of one reference credited to operators.
    func rewards(by reference: String) -> Amount { distributions[reference] ?? .zero }
}

extension LedgerAccount {
    /// The account with address zero in its owner's place.
    fileprivate var ofAnybody: LedgerAccount {
        switch self {
        case .rewards: .rewards(.zero)
        case .stake: .stake(.zero)
        case .unbonding: .unbonding(.zero)
        case .payable: .payable(.zero)
        case .custody, .channels, .held, .pool, .protocolIncome, .appShares, .dust: self
        }
    }
}
