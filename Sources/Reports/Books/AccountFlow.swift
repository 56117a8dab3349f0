public import Ledger
public import Primitives

/// What entries of one kind moved on one account in a period.
public struct AccountFlow: Hashable, Sendable {
    /// The account.
    public let account: LedgerAccount
    /// The kind of the entries.
    public let kind: EntryKind
    /// Their debits to it.
    public let debits: Amount
    /// Their credits to it.
    public let credits: Amount

    /// Makes a flow.
    public init(account: LedgerAccount, kind: EntryKind, debits: Amount, credits: Amount) {
        self.account = account
        self.kind = kind
        self.debits = debits
        self.credits = credits
    }
}
