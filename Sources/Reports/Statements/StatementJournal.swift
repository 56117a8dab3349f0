public import Channels
import Ledger
import Primitives

/// Makes a statement's entries: movements of one kind, day and epoch that follow one another in the log become one, so that a
/// journal is short and no account is ever below zero in it that was not.
public struct StatementJournal: Sendable {
    private struct Draft {
        let kind: String
        let ground: String?
        let epoch: UInt64
        let firstLeaf: UInt64
        var lastLeaf: UInt64
        var time: UInt64
        var postings = StatementPostings()

        /// `leaves:12-99`, and on a ground `welcomed:12-99`.
        var reference: String {
            "\(ground ?? "leaves"):\(firstLeaf)" + (lastLeaf > firstLeaf ? "-\(lastLeaf)" : "")
        }
    }

    private let accounts: PayerAccounts
    private var last = EntryAnchor.origin
    private var draft: Draft?

    /// Begins the journal of a payer's statement.
    public init(_ accounts: PayerAccounts) {
        self.accounts = accounts
    }

    /// Takes the next movement of the log; returns the entry that it ends, if it ends one.
    public mutating func take(
        _ movement: PayerMovement, leaf: UInt64, time: UInt64, epoch: UInt64
    ) throws -> JournalEntry? {
        guard try movement.total() > .zero else { return nil }
        let (kind, ground) = (movement.cause.kind, movement.cause.ground?.name)
        var ended: JournalEntry?
        if let draft,
            draft.kind != kind || draft.ground != ground || draft.epoch != epoch
                || UTCDay(containing: draft.time) != UTCDay(containing: time)
        {
            ended = finish()
        }
        var open =
            draft ?? Draft(kind: kind, ground: ground, epoch: epoch, firstLeaf: leaf, lastLeaf: leaf, time: time)
        draft = nil
        open.lastLeaf = leaf
        open.time = time
        try accounts.post(movement, to: &open.postings)
        draft = open
        return ended
    }

    /// Returns the entry that is under way, if one is.
    public mutating func finish() -> JournalEntry? {
        guard let draft else { return nil }
        self.draft = nil
        let entry = JournalEntry(
            statement: last.number + 1, after: last.hash, time: draft.time, epoch: draft.epoch, kind: draft.kind,
            reference: draft.reference, postings: draft.postings.netted)
        last = entry.anchor
        return entry
    }
}

extension JournalEntry {
    /// An entry of a statement. Its hash is as in docs/protocol.md §9, under the tag `feesvc/statement/1`, and the first one
    /// follows zero.
    init(
        statement number: UInt64, after previous: Bytes32, time: UInt64, epoch: UInt64, kind: String, reference: String,
        postings: [Posting]
    ) {
        var encoder = CanonicalEncoder(tag: "feesvc/statement/1")
        encoder.append(number)
        encoder.append(previous)
        encoder.append(time)
        encoder.append(epoch)
        encoder.append(kind)
        encoder.append(reference)
        encoder.append(list: postings) { encoder, posting in
            encoder.append(posting.account.name)
            encoder.append(posting.debit)
            encoder.append(posting.credit)
        }
        self.init(
            number: number, previous: previous, time: time, epoch: epoch, kind: kind, reference: reference,
            postings: postings, hash: SHA256.hash(encoder.bytes))
    }
}
