import Ledger
import Primitives
import Testing

/// Laws that hold after every entry of any ledger (research notes, section F).
@Suite struct LedgerLawTests {
    private static let accounts: [LedgerAccount] = [
        .channels, .payable(.zero), .held(.base), .held(.storage), .pool(1), .pool(2), .dust,
        .protocolIncome, .payable(.zero), .stake(.zero), .rewards(.zero),
    ]

    /// A random ledger: deposits, payouts and moves, some of them above what there is.
    private static func drafts(_ count: Int, _ generator: inout SplitMix64) throws -> [EntryDraft] {
        try (0..<count).map { number in
            var draft = EntryDraft(.charge, reference: "\(number)")
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let picked = (accounts + [.custody, .custody]).shuffled(using: &generator)
                let from: LedgerAccount = Int.random(in: 0..<3, using: &generator) == 0 ? .custody : picked[0]
                let amount = Amount(UInt128.random(in: 0...500, using: &generator))
                try draft.move(amount, from: from, to: picked[1])
            }
            return draft
        }
    }

    /// What is wrong after the first entry at which something is, and how many were posted and refused.
    private static func follow(_ drafts: [EntryDraft]) throws -> (fault: String?, posted: UInt64, refused: Int) {
        var balances = Balances()
        var (debits, credits) = (Amount.zero, Amount.zero)
        var expected: [LedgerAccount: Int] = [:]
        var (posted, refused) = (UInt64(0), 0)
        for draft in drafts {
            let entry = LedgerEntry(draft, after: balances.anchor, time: 1, epoch: 1)
            let before = balances
            do {
                try balances.post(entry)
            } catch {
                guard balances == before else { return ("a refused entry moved something", posted, refused) }
                refused += 1
                continue
            }
            posted += 1
            for posting in entry.postings {
                debits = try debits.adding(posting.debit)
                credits = try credits.adding(posting.credit)
                let sign = posting.account.isAsset ? 1 : -1
                expected[posting.account, default: 0] += sign * (Int(posting.debit.units) - Int(posting.credit.units))
            }
            let (custody, liabilities) = try balances.conservation()
            let fault: String? =
                if debits != credits {
                    "debits \(debits), credits \(credits)"
                } else if balances.anchor != EntryAnchor(number: posted, hash: entry.hash) {
                    "the journal ends at \(balances.anchor)"
                } else if custody != liabilities {
                    "custody \(custody), owed \(liabilities)"
                } else if let below = expected.first(where: { $0.value < 0 }) {
                    "\(below.key) is below zero"
                } else if let other = try expected.first(where: {
                    try balances.balance(of: $0.key).units != UInt128($0.value)
                }) {
                    "\(other.key) is not the sum of its postings"
                } else {
                    nil
                }
            if let fault { return (fault + " after entry \(draft.reference)", posted, refused) }
        }
        return (nil, posted, refused)
    }

    @Test func `L1: at every prefix debits equal credits, balances follow from entries, and none is below zero`() throws
    {
        for seed in UInt64(1)...20 {
            var generator = SplitMix64(seed: seed)
            let drafts = try Self.drafts(150, &generator)
            let (fault, posted, refused) = try Self.follow(drafts)
            #expect(posted > 20 && refused > 5, "seed \(seed): \(posted) posted, \(refused) refused")
            guard fault != nil else { continue }
            let fewest = try shrunk(drafts) { try Self.follow($0).fault != nil }
            let shortest = try Self.follow(fewest).fault ?? ""
            Issue.record("seed \(seed): \(shortest), shrunk to \(fewest)")
        }
    }

    @Test func `L8: entries of one epoch leave the same balances in any order, where none overdraws`() throws {
        for seed in UInt64(1)...10 {
            var generator = SplitMix64(seed: seed)
            var start = Balances()
            var funding = EntryDraft(.deposit, reference: "funding")
            for account in Self.accounts { try funding.move(1_000_000, from: .custody, to: account) }
            try start.post(LedgerEntry(funding, after: .origin, time: 0, epoch: 1))
            let drafts = try Self.drafts(60, &generator)
            func totals(_ drafts: [EntryDraft]) throws -> [LedgerAccount: AccountTotals] {
                var balances = start
                for draft in drafts { try balances.post(LedgerEntry(draft, after: balances.anchor, time: 1, epoch: 1)) }
                return balances.totals
            }
            #expect(try totals(drafts) == totals(drafts.shuffled(using: &generator)), "seed \(seed)")
        }
    }

    @Test func `L35: a chain breaks at an entry that was changed, dropped, swapped or put in`() throws {
        var generator = SplitMix64(seed: 35)
        var balances = Balances()
        var entries: [LedgerEntry] = []
        for number in 0..<30 {
            var draft = EntryDraft(.deposit, reference: "\(number)")
            try draft.move(Amount(UInt128.random(in: 1...9, using: &generator)), from: .custody, to: .dust)
            let entry = LedgerEntry(draft, after: balances.anchor, time: UInt64(number), epoch: 1)
            try balances.post(entry)
            entries.append(entry)
        }
        func broken(_ entries: [LedgerEntry]) -> UInt64? {
            var balances = Balances()
            for entry in entries {
                do {
                    try balances.post(entry)
                } catch {
                    return balances.anchor.number + 1
                }
            }
            return balances.anchor == entries.last?.anchor && entries.count == 30 ? nil : balances.anchor.number
        }
        #expect(broken(entries) == nil)
        for place in 0..<29 {
            let old = entries[place]
            var changed = entries
            changed[place] = LedgerEntry(
                number: old.number, previous: old.previous, time: old.time + 1, epoch: old.epoch, kind: old.kind,
                reference: old.reference, postings: old.postings)
            #expect(broken(changed) == UInt64(place + 2), "changed at \(place)")
            var dropped = entries
            dropped.remove(at: place)
            #expect(broken(dropped) == UInt64(place + 1), "dropped at \(place)")
            var swapped = entries
            swapped.swapAt(place, place + 1)
            #expect(broken(swapped) == UInt64(place + 1), "swapped at \(place)")
            #expect(
                broken(entries[...place] + [old] + entries[(place + 1)...]) == UInt64(place + 2), "put in at \(place)")
        }
    }
}
