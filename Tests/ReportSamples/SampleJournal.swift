public import Ledger
import Primitives

/// A made-up journal: the same entries each time, one after the other, in memory that does not grow with them.
public struct SampleJournal: Sequence, IteratorProtocol {
    private let kind: SampleKind
    private let count: Int
    private let operators: [Address]
    private var generator: SplitMix64
    private var made = 0
    /// The totals of all accounts so far.
    public private(set) var totals: [LedgerAccount: AccountTotals] = [:]
    /// The newest entry.
    public private(set) var anchor = EntryAnchor.origin

    /// 2024-01-31 21:00 UTC.
    static let start: UInt64 = 1_706_734_800
    /// The journal's length: five hours, over a midnight and an end of month.
    static let seconds: UInt64 = 18_000

    /// A journal of `count` entries.
    public init(_ kind: SampleKind, count: Int) {
        self.kind = kind
        self.count = count
        operators = (0..<kind.operators).compactMap {
            Address(SHA256.hash(Array("operator \($0)".utf8)).bytes.suffix(20))
        }
        generator = SplitMix64(seed: 1)
    }

    /// The next entry.
    public mutating func next() -> LedgerEntry? {
        guard made < count else { return nil }
        var draft = EntryDraft(.deposit, reference: "")
        // A turn in which there is nothing to move goes to the one after it.
        for turn in made... {
            draft = self.draft(turn: turn, reference: reference)
            if !draft.postings.isEmpty { break }
        }
        let time = Self.start + Self.seconds * UInt64(made) / UInt64(Swift.max(count, 1))
        let entry = LedgerEntry(draft, after: anchor, time: time, epoch: 7)
        for posting in entry.postings {
            var total = totals[posting.account] ?? AccountTotals()
            total.debits = Amount(total.debits.units &+ posting.debit.units)
            total.credits = Amount(total.credits.units &+ posting.credit.units)
            totals[posting.account] = total
        }
        anchor = entry.anchor
        made += 1
        return entry
    }

    private var reference: String {
        kind == .awkward ? AwkwardText.all[made % AwkwardText.all.count] : "sample:\(made + 1)"
    }

    /// What happens in a turn.
    private mutating func draft(turn: Int, reference: String) -> EntryDraft {
        switch turn % 8 {
        case 0: deposit(reference)
        case 4: moving(.midnight, reference, from: .held(.storage), to: [.pool(7)], keeping: 2)
        case 5: moving(.cut, reference, from: .held(.base), to: [.pool(7), .protocolIncome], keeping: 1)
        case 6: moving(.distribution, reference, from: .pool(7), to: receivers + [.dust], keeping: 1)
        case 7: claimOrPayout(turn, reference)
        default:
            moving(
                .charge, reference, from: .channels, to: LedgerAccount.HeldPart.allCases.map(LedgerAccount.held),
                keeping: 3)
        }
    }

    private mutating func deposit(_ reference: String) -> EntryDraft {
        var draft = EntryDraft(.deposit, reference: reference)
        let amount =
            kind == .huge ? (made == 0 ? Amount.max : .zero) : Amount(UInt128(generator.next() % kind.depositMax + 1))
        try? draft.move(amount, from: .custody, to: .channels)
        return draft
    }

    /// Operators that get something, one after the other.
    private var receivers: [LedgerAccount] {
        let width = Swift.min(operators.count, 40)
        return (0..<width).map { .rewards(operators[(made * width + $0) % operators.count]) }
    }

    private mutating func claimOrPayout(_ turn: Int, _ reference: String) -> EntryDraft {
        let address = operators[(turn / 16) % operators.count]
        return turn % 16 == 7
            ? moving(.claim, reference, from: .rewards(address), to: [.payable(address)], keeping: 1)
            : moving(.payout, reference, from: .payable(address), to: [.custody], keeping: 1)
    }

    /// Moves one part in `keeping` of what `from` has, in unequal shares.
    private mutating func moving(
        _ kind: EntryKind, _ reference: String, from: LedgerAccount, to: [LedgerAccount], keeping: UInt128
    ) -> EntryDraft {
        var draft = EntryDraft(kind, reference: reference)
        var rest = ((try? (totals[from] ?? AccountTotals()).balance(of: from)) ?? .zero).units / keeping
        for (place, account) in to.enumerated() {
            let share = place == to.count - 1 ? rest : rest / UInt128(generator.next() % 3 + 2)
            try? draft.move(Amount(share), from: from, to: account)
            rest -= share
        }
        return draft
    }
}
