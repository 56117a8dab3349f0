import ArgumentParser
import Channels
import Foundation
import Ledger
import Primitives
import Storage

/// `feesvc ledger journal`.
struct LedgerJournal: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "journal",
        abstract: "The entries behind a figure, and their sum.",
        discussion: """
            Lists the entries of a period, an account or a class of accounts, and a kind. The last lines are the sums of all \
            of them, listed or not: what they debited and credited, and without --kind what each account had before and has \
            after. So each figure of feesvc report is the sum of entries that one command shows.

              feesvc ledger journal --data-dir feesvc-data --epoch 3 --account pool:3 --kind midnight
              feesvc ledger journal --data-dir feesvc-data --from 2024-01-01 --through 2024-01-31 --account payable
            """)

    @OptionGroup var options: LedgerOptions
    @OptionGroup var period: LedgerPeriod
    @Option(
        help: "Only this account, as pool:3 or held:base, or all of a class, as rewards.",
        transform: AccountChoice.named)
    var account: AccountChoice?
    @Option(help: "Only entries of this kind, as midnight; repeat it for several.", transform: Self.kind)
    var kind: [EntryKind] = []
    @Option(help: "From this entry on.")
    var fromEntry: UInt64 = 1
    @Option(help: "How many entries are listed at most; the sums are of all.")
    var limit = 100

    private static func kind(_ name: String) throws -> EntryKind {
        guard let kind = EntryKind(rawValue: name) else {
            throw ValidationError(
                "\(name) is no kind; there are \(EntryKind.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
        return kind
    }

    func run() async throws {
        try await options.read { transaction in
            let entries = try await period.cut(transaction).entries.clamped(to: fromEntry..<UInt64(Int64.max))
            var sums = JournalSum(
                opening: kind.isEmpty ? try await ReportStore(transaction).totals(before: entries.lowerBound) : nil)
            var listed: [LedgerEntry] = []
            try await LedgerStore(transaction).forEachEntry(entries) { entry, _ in
                guard kind.isEmpty || kind.contains(entry.kind) else { return }
                let postings = entry.postings.filter { account?.includes($0.account) ?? true }
                guard !postings.isEmpty else { return }
                try sums.add(postings)
                if listed.count < limit { listed.append(entry) }
            }
            let lines = try sums.lines { account?.includes($0) ?? true }
            guard !options.json else { return try ChannelOutput.json(Report(listed, of: sums.entries, lines)) }
            show(listed, of: sums.entries, lines)
        }
    }

    private func show(_ listed: [LedgerEntry], of count: Int, _ lines: [JournalSum.Line]) {
        for entry in listed {
            let moment = ChannelOutput.moment(entry.time)
            print("\(entry.number)  \(moment)  epoch \(entry.epoch)  \(entry.kind.rawValue)  \(entry.reference)")
            LedgerOutput.table(
                nil,
                entry.postings.map {
                    [
                        "  " + $0.account.name, $0.debit > .zero ? $0.debit.decimal : "",
                        $0.credit > .zero ? $0.credit.decimal : "",
                    ]
                })
        }
        if listed.count < count { print("… and \(count - listed.count) more; --limit lists them.") }
        let hasBalances = kind.isEmpty
        LedgerOutput.table(
            [count == 1 ? "1 entry" : "\(count) entries"] + (hasBalances ? ["opening"] : []) + ["debits", "credits"]
                + (hasBalances ? ["closing"] : []),
            lines.map { line in
                [line.account] + [line.opening, line.debits, line.credits, line.closing].compactMap { $0?.decimal }
            })
    }

    private struct Report: Encodable {
        struct Entry: Encodable {
            let number: UInt64
            let time: UInt64
            let epoch: UInt64
            let kind: String
            let reference: String
            let hash: Bytes32
            let postings: [Line]
        }

        struct Line: Encodable {
            let account: String
            let debit: Amount
            let credit: Amount
        }

        let entries: Int
        let sums: [JournalSum.Line]
        let listed: [Entry]

        init(_ listed: [LedgerEntry], of count: Int, _ sums: [JournalSum.Line]) {
            entries = count
            self.sums = sums
            self.listed = listed.map { entry in
                Entry(
                    number: entry.number, time: entry.time, epoch: entry.epoch, kind: entry.kind.rawValue,
                    reference: entry.reference, hash: entry.hash,
                    postings: entry.postings.map {
                        Line(account: $0.account.name, debit: $0.debit, credit: $0.credit)
                    })
            }
        }
    }
}

/// An account by its name, or all accounts of a class.
enum AccountChoice {
    case account(LedgerAccount)
    case accounts(ofClass: String)

    private static let classes = ["held", "payable", "pool", "rewards", "stake", "unbonding"]

    static func named(_ name: String) throws -> AccountChoice {
        if let account = LedgerAccount(name: name) { return .account(account) }
        guard classes.contains(name) else {
            throw ValidationError(
                "\(name) is no account, which feesvc ledger balances lists, and no class; there are "
                    + "\(classes.joined(separator: ", ")).")
        }
        return .accounts(ofClass: name)
    }

    func includes(_ account: LedgerAccount) -> Bool {
        switch self {
        case .account(let own): account == own
        case .accounts(let name): account.name.hasPrefix(name + ":")
        }
    }
}
