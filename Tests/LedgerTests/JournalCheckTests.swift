import Ledger
import Primitives
import Testing

@Suite struct JournalCheckTests {
    /// Five entries that move money into and out of an account.
    private static func journal() -> [LedgerEntry] {
        var anchor = EntryAnchor.origin
        return (1...5).map { number in
            let posting = { (account: LedgerAccount, isDebit: Bool) in
                Posting(account: account, debit: isDebit ? 10 : 0, credit: isDebit ? 0 : 10)
            }
            let entry = LedgerEntry(
                number: UInt64(number), previous: anchor.hash, time: UInt64(number), epoch: number < 4 ? 1 : 2,
                kind: .deposit, reference: "r\(number)",
                postings: number == 5
                    ? [posting(.custody, false), posting(.dust, true)]
                    : [posting(.custody, true), posting(.dust, false)])
            anchor = entry.anchor
            return entry
        }
    }

    private func follow(_ entries: [LedgerEntry]) throws(JournalFault) -> JournalCheck {
        var check = JournalCheck()
        for entry in entries { try check.follow(entry, stored: entry.hash) }
        return check
    }

    @Test func `a journal is followed to its end, with balances at every entry`() throws {
        let journal = Self.journal()
        var check = JournalCheck()
        for (entry, balance) in zip(journal, [Amount(10), 20, 30, 40, 30]) {
            try check.follow(entry, stored: entry.hash)
            #expect(try check.balances.balance(of: .custody) == balance)
        }
        #expect(check.postings == 10)
        try check.checkEnd(journal[4].anchor, by: "the test")
        try check.checkConservation()
        try check.check(.dust, is: 30)
        #expect(throws: JournalFault.control(account: .dust, balance: 30, sum: 31)) { try check.check(.dust, is: 31) }
    }

    @Test func `L35: what is altered, dropped, doubled or swapped is found at or before its place`() throws {
        let journal = Self.journal()
        #expect(throws: JournalFault.order(expected: 3, found: 4)) {
            try follow(journal.enumerated().filter { $0.offset != 2 }.map(\.element))
        }
        #expect(throws: JournalFault.order(expected: 3, found: 2)) { try follow(journal[..<2] + [journal[1]]) }
        #expect(throws: JournalFault.order(expected: 2, found: 3)) {
            try follow([journal[0], journal[2], journal[1]])
        }
        var check = JournalCheck()
        #expect(throws: JournalFault.altered(number: 1)) { try check.follow(journal[0], stored: journal[1].hash) }
        let forged = LedgerEntry(
            number: 2, previous: .zero, time: 2, epoch: 1, kind: .deposit, reference: "r2",
            postings: journal[1].postings)
        #expect(throws: JournalFault.chain(number: 2)) { try follow([journal[0], forged]) }
        let early = LedgerEntry(
            number: 2, previous: journal[0].hash, time: 0, epoch: 1, kind: .deposit, reference: "r2",
            postings: journal[1].postings)
        #expect(throws: JournalFault.backwards(number: 2)) { try follow([journal[0], early]) }
    }

    @Test func `L35: a tail that was cut shows against any later end`() throws {
        let journal = Self.journal()
        for cut in 0..<5 {
            let check = try follow(Array(journal[..<cut]))
            let kept = cut == 0 ? EntryAnchor.origin : journal[cut - 1].anchor
            try check.checkEnd(kept, by: "the test")
            #expect(throws: JournalFault.end(expected: journal[4].anchor, found: kept, by: "the test")) {
                try check.checkEnd(journal[4].anchor, by: "the test")
            }
        }
    }
}
