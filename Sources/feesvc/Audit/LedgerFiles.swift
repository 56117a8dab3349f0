import Channels
import Ledger
import Primitives
import Rewards

/// The entries in `journal.csv`, rebuilt; their hashes are recomputed, so any change of a posting shows.
struct JournalFile {
    let entries: [LedgerEntry]

    /// Reads a journal that fits into memory.
    init(_ bytes: [UInt8]) throws {
        var entries: [LedgerEntry] = []
        try Self.forEachEntry(AuditSource(name: "journal.csv", content: .bytes(bytes))) { entries.append($0) }
        self.entries = entries
    }

    /// Reads a journal entry by entry.
    static func forEachEntry(_ source: AuditSource, _ body: (LedgerEntry) throws -> Void) throws {
        var postings: [Posting] = []
        var open: [String] = []
        func close() throws {
            guard !open.isEmpty else { return }
            try body(try entry(open, postings))
            postings = []
        }
        try CSVFile.forEachRow(source, columns: EpochTables.journal.columns) { row in
            if row[0] != open.first {
                try close()
                open = row
            }
            guard let account = LedgerAccount(name: row[5]), let debit = Amount(decimal: row[6]),
                let credit = Amount(decimal: row[7]), (debit > .zero) != (credit > .zero)
            else {
                throw AuditDifference("journal.csv, entry \(row[0])", "posting", expected: "a posting", found: row[5])
            }
            postings.append(Posting(account: account, debit: debit, credit: credit))
        }
        try close()
    }

    private static func entry(_ row: [String], _ postings: [Posting]) throws -> LedgerEntry {
        guard let number = UInt64(row[0]), let time = UInt64(row[1]), let epoch = UInt64(row[2]),
            let kind = EntryKind(rawValue: row[3]), let previous = Bytes32(hex: row[8])
        else { throw AuditDifference("journal.csv", "entry", expected: "an entry", found: row[0]) }
        let entry = LedgerEntry(
            number: number, previous: previous, time: time, epoch: epoch, kind: kind, reference: row[4],
            postings: postings)
        try AuditDifference.check("journal.csv, entry \(number)", "hash", expected: entry.hash.hex, found: row[9])
        return entry
    }
}

/// The balances in `trial-balance.csv`.
struct TrialBalanceFile {
    let opening: [LedgerAccount: AccountTotals]

    init(_ bytes: [UInt8]) throws {
        var opening: [LedgerAccount: AccountTotals] = [:]
        let name = "trial-balance.csv"
        for row in try CSVFile(bytes, columns: TrialBalance.columns, name: name).rows {
            guard let account = LedgerAccount(name: row[0]), let debits = Amount(decimal: row[1]),
                let credits = Amount(decimal: row[2])
            else { throw AuditDifference(name, "account", expected: "an account with amounts", found: row[0]) }
            opening[account] = AccountTotals(debits: debits, credits: credits)
        }
        self.opening = opening
    }

    /// The balances after some entries.
    func closing(after entries: [LedgerEntry]) throws -> [LedgerAccount: AccountTotals] {
        var walk = JournalPosting(opening: opening)
        for entry in entries { try walk.post(entry) }
        return walk.closing
    }
}

/// Posts a journal onto the balances before it: its entries must follow one another, balance, and leave no account below
/// zero.
struct JournalPosting {
    private let opening: [LedgerAccount: AccountTotals]
    private var balances: Balances?
    /// The entry that was posted first.
    private(set) var first: LedgerEntry?
    /// Where the journal ends so far.
    private(set) var last: EntryAnchor?

    init(opening: [LedgerAccount: AccountTotals]) {
        self.opening = opening
    }

    mutating func post(_ entry: LedgerEntry) throws(AuditDifference) {
        if balances == nil {
            guard entry.number > 0 else {
                throw AuditDifference(
                    "journal.csv", "number of the first entry", expected: "from 1", found: entry.number)
            }
            let anchor = EntryAnchor(number: entry.number - 1, hash: entry.previous)
            balances = Balances(totals: opening, anchor: anchor)
            first = entry
        }
        do throws(LedgerError) {
            try balances?.post(entry)
        } catch {
            throw AuditDifference(
                "journal.csv, entry \(entry.number)", "posting", expected: "allowed", found: "\(error)")
        }
        last = balances?.anchor
    }

    /// The balances after what was posted.
    var closing: [LedgerAccount: AccountTotals] { balances?.totals ?? opening }
}
