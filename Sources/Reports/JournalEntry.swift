import Ledger
public import Primitives

/// An entry of a report's journal: of the books, or of somebody's own statement.
public struct JournalEntry: Hashable, Sendable {
    /// One account's part: a debit or a credit, never both.
    public struct Posting: Hashable, Sendable {
        /// The account.
        public let account: ReportAccount
        /// What is debited.
        public let debit: Amount
        /// What is credited.
        public let credit: Amount
    }

    /// Its number; in the books that of the ledger, in a statement from 1.
    public let number: UInt64
    /// The hash of the entry before; zero for the first there is.
    public let previous: Bytes32
    /// When it was made, Unix seconds of the log's time.
    public let time: UInt64
    /// The epoch that was open.
    public let epoch: UInt64
    /// Why it was made, a word.
    public let kind: String
    /// What it is made of.
    public let reference: String
    /// Balanced, ascending by account name.
    public let postings: [Posting]
    /// Its own hash, which the next one names.
    public let hash: Bytes32

    /// Where the next entry goes on.
    var anchor: EntryAnchor { EntryAnchor(number: number, hash: hash) }
}

extension JournalEntry {
    /// An entry of the books; `account` names their accounts.
    init(_ entry: LedgerEntry, account: (LedgerAccount) -> ReportAccount) {
        self.init(
            number: entry.number, previous: entry.previous, time: entry.time, epoch: entry.epoch,
            kind: entry.kind.rawValue, reference: entry.reference,
            postings: entry.postings.map {
                Posting(account: account($0.account), debit: $0.debit, credit: $0.credit)
            }, hash: entry.hash)
    }
}
