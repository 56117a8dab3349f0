public import Primitives

/// One account's part of an entry: a debit or a credit, never both.
public struct Posting: Hashable, Sendable {
    /// The account.
    public let account: LedgerAccount
    /// What is debited.
    public let debit: Amount
    /// What is credited.
    public let credit: Amount

    /// Makes a posting; exactly one side is above zero.
    public init(account: LedgerAccount, debit: Amount, credit: Amount) {
        precondition((debit > .zero) != (credit > .zero), "a posting has one side")
        self.account = account
        self.debit = debit
        self.credit = credit
    }
}

/// Why an entry was made.
public enum EntryKind: String, Hashable, Sendable, CaseIterable {
    /// The settlement confirmed money for channels.
    case deposit
    /// The settlement confirmed an operator's stake.
    case stake
    /// Messages were charged.
    case charge
    /// A day of storage was captured.
    case midnight
    /// Base and congestion of an epoch were captured or returned.
    case cut
    /// Postage was captured or returned.
    case postage
    /// Charged money went back.
    case refund
    /// Money was given to the open epoch's pool.
    case grant
    /// A pool was split among the operators.
    case distribution
    /// A split's remainder opened the next pool.
    case dust
    /// Money that a sealed epoch's result sent to the wrong place.
    case correction
    /// A claim became payable.
    case claim
    /// A channel was closed.
    case close
    /// A payer took money out of a channel.
    case withdrawal
    /// The settlement paid out.
    case payout
}

/// An entry that is balanced, netted per account, and not numbered yet.
public struct EntryDraft: Hashable, Sendable {
    /// Why it is made.
    public let kind: EntryKind
    /// Unique among entries: the same reference again is the same entry.
    public let reference: String
    private var debits: [LedgerAccount: Amount] = [:]
    private var credits: [LedgerAccount: Amount] = [:]

    /// Starts an entry without postings.
    public init(_ kind: EntryKind, reference: String) {
        self.kind = kind
        self.reference = reference
    }

    /// Moves money: debits `from` and credits `to`. Nothing is posted for zero.
    public mutating func move(_ amount: Amount, from: LedgerAccount, to: LedgerAccount) throws(AmountError) {
        guard amount > .zero, from != to else { return }
        let debit = try (debits[from] ?? .zero).adding(amount)
        let credit = try (credits[to] ?? .zero).adding(amount)
        debits[from] = debit
        credits[to] = credit
    }

    /// The postings: one per account whose debits and credits differ, ascending by name.
    public var postings: [Posting] {
        Set(debits.keys).union(credits.keys)
            .compactMap { account -> Posting? in
                let debit = debits[account]?.units ?? 0
                let credit = credits[account]?.units ?? 0
                if debit > credit { return Posting(account: account, debit: Amount(debit - credit), credit: .zero) }
                if credit > debit { return Posting(account: account, debit: .zero, credit: Amount(credit - debit)) }
                return nil
            }
            .sorted { $0.account.name < $1.account.name }
    }
}

/// An entry of the ledger: numbered without gap, and chained to the one before.
public struct LedgerEntry: Hashable, Sendable {
    /// Its number, from 1.
    public let number: UInt64
    /// The hash of the entry before; zero for the first.
    public let previous: Bytes32
    /// When it was made, Unix seconds of the log's time.
    public let time: UInt64
    /// The epoch that was open.
    public let epoch: UInt64
    /// Why it was made.
    public let kind: EntryKind
    /// Unique among entries.
    public let reference: String
    /// Balanced, ascending by account name.
    public let postings: [Posting]

    /// Makes an entry from stored parts.
    public init(
        number: UInt64, previous: Bytes32, time: UInt64, epoch: UInt64, kind: EntryKind, reference: String,
        postings: [Posting]
    ) {
        self.number = number
        self.previous = previous
        self.time = time
        self.epoch = epoch
        self.kind = kind
        self.reference = reference
        self.postings = postings
    }

    /// Numbers a draft after the entry `last`.
    public init(_ draft: EntryDraft, after last: EntryAnchor, time: UInt64, epoch: UInt64) {
        self.init(
            number: last.number + 1, previous: last.hash, time: time, epoch: epoch, kind: draft.kind,
            reference: draft.reference, postings: draft.postings)
    }

    /// `tagged "feesvc/entry/1"`, see docs/protocol.md §9.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/entry/1")
        encoder.append(number)
        encoder.append(previous)
        encoder.append(time)
        encoder.append(epoch)
        encoder.append(kind.rawValue)
        encoder.append(reference)
        encoder.append(list: postings) { encoder, posting in
            encoder.append(posting.account.name)
            encoder.append(posting.debit)
            encoder.append(posting.credit)
        }
        return encoder.bytes
    }

    /// SHA-256 of the canonical bytes.
    public var hash: Bytes32 { SHA256.hash(canonicalBytes) }

    /// Where the next entry goes on.
    public var anchor: EntryAnchor { EntryAnchor(number: number, hash: hash) }
}

/// The end of the chain of entries: the newest one's number and hash.
public struct EntryAnchor: Hashable, Sendable {
    /// The newest entry's number; 0 before the first.
    public let number: UInt64
    /// The newest entry's hash; zero before the first.
    public let hash: Bytes32

    /// Before the first entry.
    public static let origin = EntryAnchor(number: 0, hash: .zero)

    /// Makes an anchor.
    public init(number: UInt64, hash: Bytes32) {
        self.number = number
        self.hash = hash
    }
}
