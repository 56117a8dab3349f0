import Channels
import Ledger
import Primitives
import Rewards

/// The entries in `journal.csv`, rebuilt; their hashes are recomputed, so any change of a posting shows.
struct JournalFile {
    let entries: [LedgerEntry]

    init(_ bytes: [UInt8]) throws {
        var entries: [LedgerEntry] = []
        var postings: [Posting] = []
        var open: [String] = []
        func close() throws {
            guard !open.isEmpty else { return }
            guard let number = UInt64(open[0]), let time = UInt64(open[1]), let epoch = UInt64(open[2]),
                let kind = EntryKind(rawValue: open[3]), let previous = Bytes32(hex: open[8])
            else { throw AuditDifference("journal.csv", "entry", expected: "an entry", found: open[0]) }
            let entry = LedgerEntry(
                number: number, previous: previous, time: time, epoch: epoch, kind: kind, reference: open[4],
                postings: postings)
            try AuditDifference.check("journal.csv, entry \(number)", "hash", expected: entry.hash.hex, found: open[9])
            entries.append(entry)
            postings = []
        }
        for row in try CSVFile(bytes, columns: EpochTables.journalColumns, name: "journal.csv").rows {
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
        self.entries = entries
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

    /// The balances after the entries, which must follow one another, balance, and leave no account below zero.
    func closing(after entries: [LedgerEntry]) throws -> [LedgerAccount: AccountTotals] {
        guard let first = entries.first else { return opening }
        guard first.number > 0 else {
            throw AuditDifference("journal.csv", "number of the first entry", expected: "from 1", found: first.number)
        }
        var balances = Balances(totals: opening, anchor: EntryAnchor(number: first.number - 1, hash: first.previous))
        for entry in entries {
            do {
                try balances.post(entry)
            } catch {
                throw AuditDifference(
                    "journal.csv, entry \(entry.number)", "posting", expected: "allowed", found: "\(error)")
            }
        }
        return balances.totals
    }
}

/// Where the journal has to agree with what the log's leaves add up to.
struct LedgerTies {
    let audit: EpochAudit
    let journal: [LedgerEntry]
    let closing: [LedgerAccount: AccountTotals]

    func check() throws {
        if let last = journal.last, let end = audit.replay.journalEnd {
            try AuditDifference.check(
                "journal.csv", "last entry, as the log's edge has it", expected: "\(end.number) \(end.hash)",
                found: "\(last.number) \(last.hash)")
        }
        let flows = audit.replay.flows
        let pool = LedgerAccount.pool(audit.replay.epoch)
        try tie("charged", flows.charged, try sum(.charge) { if case .held = $0.account { $0.credit } else { .zero } })
        for (kind, name, amount) in [
            (EntryKind.midnight, "storage captured", flows.storage), (.cut, "base captured", flows.base),
            (.postage, "postage captured", flows.postage),
        ] {
            try tie(name, amount, try sum(kind) { $0.account == pool ? $0.credit : .zero })
        }
        try tie(
            "congestion captured", flows.congestion,
            try sum(.cut) { $0.account == .protocolIncome ? $0.credit : .zero })
        let returned = { (posting: Posting) -> Amount in
            switch posting.account {
            case .channels, .payable: posting.credit
            default: .zero
            }
        }
        try tie("refunded", flows.refunded, try sum(.cut, returned).adding(try sum(.postage, returned)))

        let held = try audit.replay.heldNow()
        for (part, amount) in [
            (LedgerAccount.HeldPart.base, try held.base.adding(held.congestion)), (.storage, held.storage),
            (.postage, held.postage),
        ] {
            try tie("balance of held:\(part.rawValue)", amount, try balance(.held(part)))
        }
        try tie("balance of \(pool.name)", audit.result.pool, try balance(pool))
        for (epoch, result) in audit.replay.resultsLogged {
            let rewards = try sum(.distribution, reference: "distribution:\(epoch)") {
                if case .rewards = $0.account { $0.credit } else { .zero }
            }
            try tie("rewards of epoch \(epoch)", result.rewards, rewards)
        }
        let conservation = try Balances(totals: closing).conservation()
        try tie("custody against all other accounts", conservation.liabilities, conservation.custody)
    }

    private func tie(_ what: String, _ expected: Amount, _ found: Amount) throws {
        try AuditDifference.check("journal.csv and trial-balance.csv", what, expected: expected, found: found)
    }

    private func balance(_ account: LedgerAccount) throws -> Amount {
        try (closing[account] ?? AccountTotals()).balance(of: account)
    }

    private func sum(
        _ kind: EntryKind, reference: String? = nil, _ part: (Posting) -> Amount
    ) throws -> Amount {
        try Amount.sum(
            journal.filter { $0.kind == kind && (reference == nil || $0.reference == reference) }
                .flatMap(\.postings).map(part))
    }
}
