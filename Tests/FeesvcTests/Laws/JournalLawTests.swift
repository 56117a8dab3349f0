import Ledger
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Laws of the books of whole services, over random acts of two epochs. Where one breaks, acts are left out as long as it
/// does, and what remains is told.
@Suite(.recordedLives) struct JournalLawTests {
    private typealias Totals = [LedgerAccount: AccountTotals]

    /// Expects that a law finds no fault with any life; a fault's plan is shrunk.
    private func expect(_ fault: (RecordedLife) throws -> String?) async throws {
        for life in RecordedLivesTrait.lives {
            guard let first = try fault(life) else { continue }
            let count = RecordedLife.plan(life.seed).days.map(\.acts.count).reduce(0, +)
            var (list, size) = (Array(0..<count), (count + 1) / 2)
            // Each try is a service of its own: single acts are left to the reader.
            while size > 2 {
                var start = 0
                while start < list.count {
                    let fewer = Array(list[..<start] + list[min(start + size, list.count)...])
                    let breaks = try? await RecordedLife.lived(life.seed, keeping: Set(fewer))
                    if try breaks.map(fault) ?? nil != nil { list = fewer } else { start += size }
                }
                size /= 2
            }
            Issue.record("seed \(life.seed): \(first); so it is with acts \(list) of \(count) alone")
        }
    }

    private func add(_ entry: LedgerEntry, to totals: inout Totals) throws {
        for posting in entry.postings {
            let before = totals[posting.account] ?? AccountTotals()
            totals[posting.account] = AccountTotals(
                debits: try before.debits.adding(posting.debit), credits: try before.credits.adding(posting.credit))
        }
    }

    @Test func `L1: debits equal credits in every entry, in every epoch and at every prefix of a service's journal`()
        async throws
    {
        try await expect { life in
            var totals: Totals = [:]
            var epochs: [UInt64: (debits: UInt128, credits: UInt128)] = [:]
            for entry in life.entries {
                try add(entry, to: &totals)
                for posting in entry.postings {
                    epochs[entry.epoch, default: (0, 0)].debits += posting.debit.units
                    epochs[entry.epoch, default: (0, 0)].credits += posting.credit.units
                }
                let sums = epochs[entry.epoch] ?? (0, 0)
                guard !entry.postings.isEmpty, sums.debits == sums.credits else { return "entry \(entry.number)" }
                for (account, total) in totals where (try? total.balance(of: account)) == nil {
                    return "\(account) is below zero after entry \(entry.number)"
                }
            }
            return life.entries.count < 30 ? "there are \(life.entries.count) entries alone" : nil
        }
    }

    @Test func `L2: each account opens an epoch as it closed the last, and its flows lead to how it closes`()
        async throws
    {
        try await expect { life in
            var totals: Totals = [:]
            var rest = life.entries[...]
            for epoch in life.epochs {
                guard epoch.firstEntry == (rest.first?.number ?? epoch.firstEntry) else {
                    return "epoch \(epoch.number) begins with entry \(epoch.firstEntry)"
                }
                while let entry = rest.first, entry.epoch == epoch.number {
                    try add(entry, to: &totals)
                    rest.removeFirst()
                }
                guard let closing = life.closedAtEnd[epoch.number] else { continue }
                guard closing.totals == totals else { return "epoch \(epoch.number) does not close as it went" }
            }
            return rest.isEmpty ? nil : "entry \(rest.first?.number ?? 0) is of no epoch"
        }
    }

    @Test func `L3: after every act what was charged is held, pooled, earned, dust or went back`() async throws {
        try await expect { life in
            for moment in life.moments {
                var kept = UInt128(0)
                for (account, total) in moment.stored {
                    switch account {
                    case .held, .pool, .rewards, .dust, .appShares, .protocolIncome:
                        kept += try total.balance(of: account).units
                    default: break
                    }
                }
                guard moment.charged.units == kept + moment.refunded.units - moment.slashed.units else {
                    return "after \(moment.what) \(moment.charged) was charged, \(kept) is there, and "
                        + "\(moment.refunded) went back, \(moment.slashed) of it out of stakes"
                }
            }
            guard let last = life.moments.last, last.refunded > .zero, last.charged > .zero else {
                return "nothing was charged or went back"
            }
            return nil
        }
    }

    @Test
    func `L17: refunds after an epoch's edge stand in the open epoch, name their charge, and change no closed total`()
        async throws
    {
        try await expect { life in
            guard life.closed.count == 2, life.closed == life.closedAtEnd else { return "a closed epoch changed" }
            var late = 0
            for refund in life.refunds {
                guard let charged = life.epochs.last(where: { $0.firstCharge <= refund.charge }),
                    let logged = life.epochs.last(where: { $0.firstIndex <= refund.logIndex })
                else { return "refund \(refund) is of no epoch" }
                guard logged.number == refund.epoch, charged.number <= logged.number else {
                    return "\(refund) is logged in epoch \(logged.number), its charge in epoch \(charged.number)"
                }
                if charged.number < logged.number { late += 1 }
            }
            guard late > 0 else { return "nothing went back late" }
            let deletions = life.entries.filter { $0.epoch > 1 && $0.reference.hasPrefix("deletion:") }
            let end = life.epochs.first?.endCharge ?? 0
            return deletions.contains { UInt64($0.reference.dropFirst(9)) ?? end >= end }
                ? "a late deletion does not name its charge" : nil
        }
    }

    @Test func `L31: an audit recomputes every sealed result from what was stored, byte for byte`() async throws {
        try await expect { life in
            for epoch in life.epochs where epoch.number <= 2 {
                guard let result = epoch.result, life.recomputed[epoch.number] == result.canonicalBytes else {
                    return "epoch \(epoch.number) is recomputed otherwise"
                }
            }
            return life.recomputed.count == 2 ? nil : "\(life.recomputed.count) epochs were audited"
        }
    }

    @Test func `L36: entries are numbered from one without gap, with acts that were undone among them`() async throws {
        try await expect { life in
            let numbers = life.entries.map(\.number)
            guard numbers == Array(1...UInt64(numbers.count)) else { return "the numbers are \(numbers)" }
            return life.undone > 3 ? nil : "\(life.undone) acts alone were undone"
        }
    }

    @Test func `L38: what is kept of each account is the sum of its postings, after every act`() async throws {
        try await expect { life in
            var totals: Totals = [:]
            var rest = life.entries[...]
            for moment in life.moments {
                while let entry = rest.first, entry.number <= moment.entry {
                    try add(entry, to: &totals)
                    rest.removeFirst()
                }
                guard moment.stored.filter({ $0.value != AccountTotals() }) == totals else {
                    return "after \(moment.what), entry \(moment.entry)"
                }
            }
            return rest.isEmpty ? nil : "no moment after entry \(rest.first?.number ?? 0)"
        }
    }
}
