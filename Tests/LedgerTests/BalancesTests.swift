import Ledger
import Primitives
import Testing

@Suite struct BalancesTests {
    private static func entry(
        after balances: Balances, number: UInt64? = nil, previous: Bytes32? = nil, _ postings: [Posting]
    ) -> LedgerEntry {
        LedgerEntry(
            number: number ?? balances.anchor.number + 1, previous: previous ?? balances.anchor.hash, time: 1, epoch: 1,
            kind: .deposit, reference: "r", postings: postings)
    }

    private static func debit(_ account: LedgerAccount, _ amount: Amount) -> Posting {
        Posting(account: account, debit: amount, credit: 0)
    }

    private static func credit(_ account: LedgerAccount, _ amount: Amount) -> Posting {
        Posting(account: account, debit: 0, credit: amount)
    }

    /// Custody 100 for dust, after one entry.
    private static func funded() throws -> Balances {
        var balances = Balances()
        try balances.post(entry(after: balances, [debit(.custody, 100), credit(.dust, 100)]))
        return balances
    }

    @Test func `custody grows by debits, every other account by credits`() throws {
        var balances = try Self.funded()
        #expect(try balances.balance(of: .custody) == 100)
        #expect(try balances.balance(of: .dust) == 100)
        #expect(try balances.balance(of: .pool(1)) == 0)
        try balances.post(Self.entry(after: balances, [Self.credit(.custody, 30), Self.debit(.dust, 30)]))
        #expect(try balances.balance(of: .custody) == 70)
        #expect(try balances.balance(of: .dust) == 70)
        #expect(balances.totals[.custody] == AccountTotals(debits: 100, credits: 30))
        #expect(balances.anchor.number == 2)
    }

    @Test func `refused entries move nothing`() throws {
        let good = [Self.debit(.dust, 5), Self.credit(.pool(1), 5)]
        let before = try Self.funded()
        let refused: [(LedgerEntry, LedgerError)] = [
            (Self.entry(after: before, number: 1, good), .gap(expected: 2, found: 1)),
            (Self.entry(after: before, number: 3, good), .gap(expected: 2, found: 3)),
            (Self.entry(after: before, number: 0, good), .gap(expected: 2, found: 0)),
            (Self.entry(after: before, previous: .zero, good), .chain(number: 2)),
            (
                Self.entry(after: before, [Self.debit(.dust, 5), Self.credit(.pool(1), 6)]),
                .unbalanced(debits: 5, credits: 6)
            ),
            (Self.entry(after: before, [Self.credit(.pool(1), 1)]), .unbalanced(debits: 0, credits: 1)),
            (
                Self.entry(after: before, [Self.debit(.dust, 101), Self.credit(.pool(1), 101)]),
                .insufficient(account: .dust, balance: 100, needed: 101)
            ),
            (
                Self.entry(after: before, [Self.credit(.custody, 101), Self.debit(.dust, 101)]),
                .insufficient(account: .custody, balance: 100, needed: 101)
            ),
            (
                Self.entry(after: before, [Self.debit(.pool(9), 1), Self.credit(.dust, 1)]),
                .insufficient(account: .pool(9), balance: 0, needed: 1)
            ),
            (Self.entry(after: before, [Self.debit(.custody, .max), Self.credit(.pool(1), .max)]), .overflow),
            (
                Self.entry(
                    after: before,
                    [
                        Self.debit(.custody, .max), Self.debit(.dust, 1), Self.credit(.pool(1), .max),
                        Self.credit(.pool(2), 1),
                    ]),
                .overflow
            ),
        ]
        for (entry, error) in refused {
            var balances = before
            #expect(throws: error) { try balances.post(entry) }
            #expect(balances == before, "\(error)")
        }
    }

    @Test func `no entry follows the last number that there is`() throws {
        let postings = [Self.debit(.dust, 5), Self.credit(.pool(1), 5)]
        let totals = try Self.funded().totals
        for (newest, isFollowed): (UInt64, Bool) in [(.max - 2, true), (.max - 1, true), (.max, false)] {
            var balances = Balances(totals: totals, anchor: EntryAnchor(number: newest, hash: .zero))
            for number: UInt64 in [0, newest, .max] {
                guard !isFollowed || number != newest + 1 else { continue }
                let expected = isFollowed ? newest + 1 : .max
                #expect(throws: LedgerError.gap(expected: expected, found: number)) {
                    try balances.post(Self.entry(after: balances, number: number, postings))
                }
            }
            guard isFollowed else { continue }
            try balances.post(Self.entry(after: balances, number: newest + 1, postings))
            #expect(balances.anchor.number == newest + 1)
        }
    }

    @Test func `an account may be emptied and not one unit more`() throws {
        for (amount, isGood): (Amount, Bool) in [(99, true), (100, true), (101, false)] {
            var balances = try Self.funded()
            let entry = Self.entry(after: balances, [Self.debit(.dust, amount), Self.credit(.pool(1), amount)])
            if isGood {
                try balances.post(entry)
                #expect(try balances.balance(of: .dust) == Amount(100).subtracting(amount))
            } else {
                #expect(throws: LedgerError.self) { try balances.post(entry) }
            }
        }
    }

    @Test func `the same entry is not posted twice`() throws {
        var balances = try Self.funded()
        let entry = Self.entry(after: balances, [Self.debit(.dust, 5), Self.credit(.pool(1), 5)])
        try balances.post(entry)
        #expect(throws: LedgerError.gap(expected: 3, found: 2)) { try balances.post(entry) }
        #expect(try balances.balance(of: .pool(1)) == 5)
    }

    @Test func `stored totals and anchor go on where they stopped`() throws {
        var balances = try Self.funded()
        var stored = Balances(totals: balances.totals, anchor: balances.anchor)
        let entry = Self.entry(after: balances, [Self.debit(.dust, 5), Self.credit(.pool(1), 5)])
        try balances.post(entry)
        try stored.post(entry)
        #expect(stored == balances)
        #expect(try stored.conservation().custody == 100)
        #expect(try stored.conservation().liabilities == 100)
    }
}
