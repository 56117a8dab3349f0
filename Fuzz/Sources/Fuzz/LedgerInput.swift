import Ledger
import Primitives
import Rewards

@testable import feesvc

/// A journal and the balances before it, in bytes.
struct LedgerInput {
    let entries: [LedgerEntry]
    let opening: [LedgerAccount: AccountTotals]

    /// One entry that moves money from a channel.
    static let sample: LedgerInput = {
        let channel = LedgerAccount.channels
        let postings = [
            Posting(account: channel, debit: 39_851_680, credit: .zero),
            Posting(account: .held(.base), debit: .zero, credit: 38_500_000),
            Posting(account: .held(.storage), debit: .zero, credit: 1_351_680),
        ]
        let entry = LedgerEntry(
            number: 1, previous: .zero, time: 1_767_225_600, epoch: 1, kind: .charge, reference: "charge:1",
            postings: postings)
        return LedgerInput(
            entries: [entry],
            opening: [
                .custody: AccountTotals(debits: 100_000_000, credits: .zero),
                channel: AccountTotals(debits: .zero, credits: 100_000_000),
            ])
    }()

    /// What is written as `journal.csv`.
    static func table(_ entries: [LedgerEntry]) -> [UInt8] {
        let form = EpochTables.journal
        return TableWriter.csv(
            ReportTable(name: form.name, columns: form.columns, rows: entries.flatMap(EpochTables.rows)))
    }

    /// What is written as `trial-balance.csv`, as far as an audit reads it.
    var balanceTable: [UInt8] {
        let rows = opening.sorted { $0.key.name < $1.key.name }.map { account, totals in
            [.text(account.name), .amount(totals.debits), .amount(totals.credits)]
                + [ReportCell](repeating: .amount(.zero), count: TrialBalance.columns.count - 3)
        }
        return TableWriter.csv(
            ReportTable(name: "trial-balance", columns: TrialBalance.columns, rows: rows))
    }
}

extension LedgerInput {
    var bytes: [UInt8] {
        var encoder = CanonicalEncoder()
        encoder.append(list: entries) { encoder, entry in
            encoder.append(entry.number)
            encoder.append(entry.previous)
            encoder.append(entry.time)
            encoder.append(entry.epoch)
            encoder.append(entry.kind.rawValue)
            encoder.append(entry.reference)
            encoder.append(list: entry.postings) { encoder, posting in
                encoder.append(posting.account.name)
                encoder.append(posting.debit > .zero ? 1 : 0 as UInt8)
                encoder.append(posting.debit > .zero ? posting.debit : posting.credit)
            }
        }
        encoder.append(list: opening.sorted { $0.key.name < $1.key.name }) { encoder, one in
            encoder.append(one.key.name)
            encoder.append(one.value.debits)
            encoder.append(one.value.credits)
        }
        return encoder.bytes
    }

    /// Reads what ``bytes`` writes. Where `previous` is zero, an entry follows the one before it.
    init(_ bytes: [UInt8]) throws(CanonicalError) {
        var decoder = CanonicalDecoder(untagged: bytes)
        var last: Bytes32?
        entries = try decoder.readList(limit: 64) { decoder throws(CanonicalError) in
            let entry = try Self.readEntry(&decoder, after: last)
            last = entry.hash
            return entry
        }
        let accounts = try decoder.readList(limit: 64) { decoder throws(CanonicalError) in
            (
                try Self.readAccount(&decoder),
                AccountTotals(debits: try decoder.readAmount(), credits: try decoder.readAmount())
            )
        }
        opening = Dictionary(accounts) { first, _ in first }
        try decoder.finish()
    }

    private static func readEntry(
        _ decoder: inout CanonicalDecoder, after last: Bytes32?
    ) throws(CanonicalError) -> LedgerEntry {
        let number = try decoder.readUInt64()
        let previous = try decoder.readBytes32()
        let time = try decoder.readUInt64()
        let epoch = try decoder.readUInt64()
        guard let kind = EntryKind(rawValue: try decoder.readText(limit: 16, field: "kind")) else {
            throw .outOfRange(field: "kind")
        }
        let reference = try decoder.readText(limit: 64, field: "reference")
        let postings = try decoder.readList(limit: 16) { decoder throws(CanonicalError) in
            let account = try readAccount(&decoder)
            let isDebit = try decoder.readUInt8() == 1
            let amount = try decoder.readAmount()
            guard amount > .zero else { throw .outOfRange(field: "amount") }
            return Posting(account: account, debit: isDebit ? amount : .zero, credit: isDebit ? .zero : amount)
        }
        return LedgerEntry(
            number: number, previous: previous == .zero ? last ?? .zero : previous, time: time, epoch: epoch,
            kind: kind,
            reference: reference, postings: postings)
    }

    private static func readAccount(_ decoder: inout CanonicalDecoder) throws(CanonicalError) -> LedgerAccount {
        guard let account = LedgerAccount(name: try decoder.readText(limit: 128, field: "account")) else {
            throw .outOfRange(field: "account")
        }
        return account
    }
}
