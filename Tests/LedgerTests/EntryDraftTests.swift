import Ledger
import Primitives
import Testing

@Suite struct EntryDraftTests {
    private static let accounts: [LedgerAccount] = [
        .custody, .held(.base), .held(.storage), .pool(1), .dust, .protocolIncome, .payable(.zero), .channels,
    ]

    @Test func `a move debits the one and credits the other`() throws {
        var draft = EntryDraft(.charge, reference: "r")
        try draft.move(10, from: .channels, to: .held(.base))
        #expect(
            draft.postings == [
                Posting(account: .channels, debit: 10, credit: 0),
                Posting(account: .held(.base), debit: 0, credit: 10),
            ])
        #expect(draft.kind == .charge)
        #expect(draft.reference == "r")
    }

    @Test func `what comes to an account and leaves it is netted, and nothing is posted for zero`() throws {
        var draft = EntryDraft(.cut, reference: "r")
        try draft.move(10, from: .held(.base), to: .pool(1))
        try draft.move(4, from: .pool(1), to: .dust)
        #expect(draft.postings.map(\.account) == [.dust, .held(.base), .pool(1)])
        #expect(draft.postings.map(\.credit) == [4, 0, 6])
        #expect(draft.postings.map(\.debit) == [0, 10, 0])
        try draft.move(6, from: .pool(1), to: .held(.base))
        #expect(draft.postings.map(\.account) == [.dust, .held(.base)])
        try draft.move(4, from: .dust, to: .held(.base))
        #expect(draft.postings.isEmpty)
        try draft.move(0, from: .custody, to: .dust)
        try draft.move(9, from: .custody, to: .custody)
        #expect(draft.postings.isEmpty)
    }

    @Test func `postings ascend by name, whatever the order of the moves`() throws {
        var generator = SplitMix64(seed: 5)
        for round in 0..<50 {
            var draft = EntryDraft(.deposit, reference: "r")
            for account in Self.accounts.dropFirst().shuffled(using: &generator) {
                try draft.move(1, from: .custody, to: account)
            }
            let names = draft.postings.map(\.account.name)
            #expect(names == names.sorted(), "seed 5, round \(round)")
            #expect(names.count == Self.accounts.count)
        }
    }

    @Test func `any moves at all are balanced, and net to what each account got less what it gave`() throws {
        for seed in UInt64(1)...60 {
            var generator = SplitMix64(seed: seed)
            var draft = EntryDraft(.charge, reference: "r")
            var net: [LedgerAccount: Int] = [:]
            for _ in 0..<Int.random(in: 0...30, using: &generator) {
                let amount = Int.random(in: 0...1_000, using: &generator)
                guard let from = Self.accounts.randomElement(using: &generator),
                    let to = Self.accounts.randomElement(using: &generator)
                else { continue }
                try draft.move(Amount(UInt128(amount)), from: from, to: to)
                net[from, default: 0] -= amount
                net[to, default: 0] += amount
            }
            #expect(throws: Never.self, "seed \(seed)") { try Balances.checkBalanced(draft.postings) }
            let posted = Dictionary(
                uniqueKeysWithValues: draft.postings.map { ($0.account, Int($0.credit.units) - Int($0.debit.units)) })
            #expect(posted == net.filter { $0.value != 0 }, "seed \(seed)")
        }
    }

    @Test func `a sum above 2^128 - 1 is refused`() throws {
        var draft = EntryDraft(.deposit, reference: "r")
        try draft.move(.max, from: .custody, to: .dust)
        #expect(throws: AmountError.overflow) { try draft.move(1, from: .custody, to: .pool(1)) }
        #expect(throws: AmountError.overflow) { try draft.move(1, from: .pool(1), to: .dust) }
    }
}
