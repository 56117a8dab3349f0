import Ledger
import Primitives
import Testing

@Suite struct LedgerEntryTests {
    private static func entry(_ fields: Vector) throws -> LedgerEntry {
        LedgerEntry(
            number: try fields["number"].u64, previous: try fields["previous"].word, time: try fields["time"].u64,
            epoch: try fields["epoch"].u64, kind: try #require(EntryKind(rawValue: try fields["kind"].text)),
            reference: try fields["reference"].text,
            postings: try fields["postings"].list.map {
                Posting(
                    account: try #require(LedgerAccount(name: try $0["account"].text)),
                    debit: try $0["debit"].amount, credit: try $0["credit"].amount)
            })
    }

    private static func forms() throws -> [Vector] {
        try Vector.file(.protocol)["forms"].list.filter { (try? $0["tag"].text) == "feesvc/entry/1" }
    }

    @Test func `entries have the vectors' bytes and hashes, and each names the one before`() throws {
        let forms = try Self.forms()
        #expect(forms.count == 6)
        var anchor = EntryAnchor.origin
        for form in forms {
            let entry = try Self.entry(form["fields"])
            #expect(entry.canonicalBytes == (try form["bytes"].bytes), "\(form.title)")
            #expect(entry.hash == (try form["sha256"].word), "\(form.title)")
            #expect(entry.number == anchor.number + 1)
            #expect(entry.previous == anchor.hash)
            anchor = entry.anchor
        }
    }

    @Test func `a draft made of moves is the vector's entry`() throws {
        let forms = try Self.forms()
        let deposit = try Self.entry(try #require(forms.first)["fields"])
        let channel = try #require(deposit.postings.first).account
        var draft = EntryDraft(.deposit, reference: "leaf 7")
        try draft.move(10_000_000_000_000_000, from: .custody, to: channel)
        #expect(LedgerEntry(draft, after: .origin, time: deposit.time, epoch: deposit.epoch) == deposit)
        var charge = EntryDraft(.charge, reference: "charge 1")
        try charge.move(38_500_000, from: channel, to: .held(.base))
        try charge.move(1_351_680, from: channel, to: .held(.storage))
        let second = LedgerEntry(charge, after: deposit.anchor, time: deposit.time + 60, epoch: 1)
        #expect(second.hash == (try forms[1]["sha256"].word))
    }

    @Test func `L35: any member changed changes the hash`() throws {
        let good = try Self.entry(Self.forms()[1]["fields"])
        func with(
            number: UInt64? = nil, previous: Bytes32? = nil, time: UInt64? = nil, epoch: UInt64? = nil,
            kind: EntryKind? = nil, reference: String? = nil, postings: [Posting]? = nil
        ) -> LedgerEntry {
            LedgerEntry(
                number: number ?? good.number, previous: previous ?? good.previous, time: time ?? good.time,
                epoch: epoch ?? good.epoch, kind: kind ?? good.kind, reference: reference ?? good.reference,
                postings: postings ?? good.postings)
        }
        var others = [
            with(number: 3), with(previous: .zero), with(time: good.time + 1), with(epoch: 2), with(kind: .cut),
            with(reference: "charge 2"), with(reference: ""), with(postings: []),
            with(postings: good.postings.dropLast()),
            with(postings: good.postings.reversed()),
        ]
        for place in good.postings.indices {
            let old = good.postings[place]
            var postings = good.postings
            postings[place] = Posting(account: .dust, debit: old.debit, credit: old.credit)
            others.append(with(postings: postings))
            postings[place] = Posting(account: old.account, debit: old.credit, credit: old.debit)
            others.append(with(postings: postings))
        }
        let hashes = Set(others.map(\.hash))
        #expect(hashes.count == others.count)
        #expect(!hashes.contains(good.hash))
    }

    /// Texts move from one field into the next, postings from one entry's list into another's: nothing that is different
    /// has the same bytes.
    @Test func `L35: no two entries have the same bytes`() throws {
        for seed in UInt64(1)...20 {
            var random = SplitMix64(seed: seed)
            var entries: Set<LedgerEntry> = []
            var bytes: Set<[UInt8]> = []
            for _ in 0..<500 {
                let accounts = [LedgerAccount.dust, .pool(1), .pool(11), .pool(111), .channels, .held(.base)]
                let postings = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    let isDebit = Bool.random(using: &random)
                    return Posting(
                        account: accounts[Int.random(in: 0..<accounts.count, using: &random)],
                        debit: isDebit ? 1 : 0, credit: isDebit ? 0 : 1)
                }
                let kinds = [EntryKind.dust, .cut, .refund, .charge]
                let entry = LedgerEntry(
                    number: UInt64.random(in: 1...2, using: &random), previous: .zero,
                    time: UInt64.random(in: 0...1, using: &random), epoch: UInt64.random(in: 0...1, using: &random),
                    kind: kinds[Int.random(in: 0..<kinds.count, using: &random)],
                    reference: ["", "d", "du", "dust", "dustpool:1", "\0"][Int.random(in: 0..<6, using: &random)],
                    postings: postings)
                entries.insert(entry)
                bytes.insert(entry.canonicalBytes)
            }
            #expect(entries.count > 200 && entries.count == bytes.count, "seed \(seed)")
        }
    }
}
