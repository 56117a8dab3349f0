public import Ledger
public import Primitives

/// How the books' entries are posted from a node operator's own view: what the service owes it is its asset, and against it
/// stands an account that says where the money came from or went.
public struct OperatorAccounts: Sendable {
    /// The accounts of the books that are the operator's.
    public let own: Set<LedgerAccount>

    /// Those of an operator whose claims are paid to `payout`.
    public init(_ operatorAddress: Address, payout: Address) {
        own = [
            .rewards(operatorAddress), .stake(operatorAddress), .unbonding(operatorAddress), .payable(payout),
        ]
    }

    /// The accounts of the statement by those of the books.
    var assets: [LedgerAccount: ReportAccount] {
        Dictionary(uniqueKeysWithValues: own.map { ($0, ReportAccount($0.name, .assets, isDebit: true)) })
    }

    /// Posts an entry of the books. What its own accounts give to each other needs no other account.
    func post(_ entry: LedgerEntry, to postings: inout StatementPostings) throws(AmountError) {
        let assets = assets
        var moved: [ReportAccount: (received: Amount, given: Amount)] = [:]
        for posting in entry.postings {
            guard let asset = assets[posting.account] else { continue }
            // A credit of what the service owes is more of the operator's.
            try postings.post(posting.credit, debit: asset)
            try postings.post(posting.debit, credit: asset)
            let source = Self.source(of: posting.account, entry.kind)
            var sums = moved[source] ?? (.zero, .zero)
            sums = (try sums.received.adding(posting.credit), try sums.given.adding(posting.debit))
            moved[source] = sums
        }
        for (source, sums) in moved {
            if sums.received > sums.given {
                let account = source.isDebit ? .received(by: entry.kind.rawValue) : source
                try postings.post(try sums.received.subtracting(sums.given), credit: account)
            } else if sums.given > sums.received {
                let account = source.isDebit ? source : .given(by: entry.kind.rawValue)
                try postings.post(try sums.given.subtracting(sums.received), debit: account)
            }
        }
    }

    private static func source(of account: LedgerAccount, _ kind: EntryKind) -> ReportAccount {
        switch (account, kind) {
        case (.rewards, .distribution): .earned
        case (.stake, .stake): .staked
        case (.stake, .cut): .penalties
        case (.payable, .payout): .paidOut
        default: .received(by: kind.rawValue)
        }
    }
}

/// Makes an operator's entries, one for each entry of the books that moves something of its.
public struct OperatorJournal: Sendable {
    private let accounts: OperatorAccounts
    private var last = EntryAnchor.origin
    /// Everything that was posted.
    private(set) var postings = StatementPostings()

    /// Begins the journal.
    public init(_ accounts: OperatorAccounts) {
        self.accounts = accounts
    }

    /// Takes the next entry of the books, of whose postings only those of the operator's accounts need to be there.
    public mutating func take(_ entry: LedgerEntry) throws -> JournalEntry {
        var own = StatementPostings()
        try accounts.post(entry, to: &own)
        try accounts.post(entry, to: &postings)
        let made = JournalEntry(
            statement: last.number + 1, after: last.hash, time: entry.time, epoch: entry.epoch,
            kind: entry.kind.rawValue, reference: "entry:\(entry.number)", postings: own.netted)
        last = made.anchor
        return made
    }
}
