import ArgumentParser
import Channels
import Foundation
import Ledger
import Payer
import Primitives
import Storage

/// `feesvc ledger`.
struct LedgerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ledger",
        abstract: "Look into the books: verify them, balances at any entry, the entries behind a figure.",
        discussion: """
            The ledger is double-entry: each batch of charges, each midnight, cut, claim and payment is one entry, numbered \
            without gap and chained to the one before by its hash. These commands read a database and change nothing.

              feesvc ledger verify --data-dir feesvc-data
              feesvc ledger balances --data-dir feesvc-data --at 1200
              feesvc ledger journal --data-dir feesvc-data --epoch 3 --account pool:3 --kind midnight
              feesvc ledger refunds --data-dir feesvc-data --epoch 3 --ground welcomed
            """,
        subcommands: [LedgerVerify.self, LedgerBalances.self, LedgerJournal.self, LedgerRefunds.self])
}

/// Which database.
struct LedgerOptions: ParsableArguments {
    @Option(help: "A libpq connection string or URL of the service's database.")
    var databaseUrl: String?
    @Option(help: "A service's data directory whose own PostgreSQL runs; not with --database-url.")
    var dataDir: String?
    @Flag(help: "Print JSON.")
    var json = false

    func validate() throws {
        guard (databaseUrl == nil) != (dataDir == nil) else {
            throw ValidationError("Say which database: --database-url, or --data-dir of a service that runs.")
        }
    }

    /// Reads in one snapshot.
    func read(_ body: (Transaction) async throws -> Void) async throws {
        try await Presentation.reportingErrors {
            let place = try dataDir.map {
                try PostgresCluster(directory: DataDirectory.absolute($0)).connectionString
            }
            // A check of a whole journal takes as long as it takes.
            var configuration = PostgresConfiguration(
                connectionString: place ?? databaseUrl ?? "", maximumConnections: 1)
            configuration.statementTimeoutMilliseconds = 0
            let pool = PostgresPool(configuration: configuration)
            do {
                try await pool.withTransaction(isolation: .readOnly, body)
            } catch {
                await pool.close()
                throw error
            }
            await pool.close()
        }
    }
}

/// `feesvc ledger verify`.
struct LedgerVerify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Check every entry, balance and guard of the books.",
        discussion: """
            Follows the journal from its first entry: every hash is computed anew, every entry balances, no account falls below \
            zero at any entry. Then: the journal ends where the database, the newest head's record (--data-dir) and the log \
            at each epoch's edge say; the totals beside it are the sums of the postings; each control account is the sum of what it \
            stands for; custody is what is owed; and the triggers that guard what is recorded are all there. \
            Exit status 1 with the first fault, 0 where there is none.
            """)

    @OptionGroup var options: LedgerOptions

    private struct Report: Encodable {
        let entries: UInt64
        let postings: UInt64
        let edges: Int
        let hash: Bytes32
        let custody: Amount
    }

    func run() async throws {
        try await options.read { transaction in
            let record = options.dataDir.map { HeadRecord(directory: $0) }
            let books = try await BooksCheck(transaction, noted: try record?.read()?.journal).run()
            let sums = try books.check.balances.conservation()
            let anchor = books.check.balances.anchor
            guard !options.json else {
                return try ChannelOutput.json(
                    Report(
                        entries: anchor.number, postings: books.check.postings, edges: books.edges, hash: anchor.hash,
                        custody: sums.custody))
            }
            ChannelOutput.lines([
                ("entries", "1 to \(anchor.number), \(books.check.postings) postings, no gap, every hash right"),
                ("ends with", anchor.hash.hex), ("edges", "\(books.edges), each as the signed log has it"),
                ("custody", "\(sums.custody), all that is owed"), ("guards", "all in place"),
            ])
        }
    }
}

/// `feesvc ledger balances`.
struct LedgerBalances: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "balances", abstract: "The trial balance after any entry or at any time.")

    @OptionGroup var options: LedgerOptions
    @Option(help: "After this entry; default: the newest.")
    var at: UInt64?
    @Option(help: "After the last entry at or before this time, Unix seconds.")
    var time: UInt64?

    func validate() throws {
        guard at == nil || time == nil else { throw ValidationError("--at and --time are two ways to say one thing.") }
    }

    private struct Line: Encodable {
        let account: String
        let debits: Amount
        let credits: Amount
        let balance: Amount
    }

    private struct Report: Encodable {
        let entry: UInt64
        let accounts: [Line]
        let debits: Amount
        let credits: Amount
    }

    func run() async throws {
        try await options.read { transaction in
            let ledger = LedgerStore(transaction)
            let end = try await ledger.end().number
            let entry = if let time { try await ledger.lastEntry(at: time) } else { at ?? end }
            guard entry <= end else {
                throw OperatorError("There is no entry \(entry) yet; the newest is \(end).")
            }
            let totals = try await ReportStore(transaction).totals(before: entry + 1)
            let lines = try totals.sorted { $0.key.name < $1.key.name }.map { account, total in
                Line(
                    account: account.name, debits: total.debits, credits: total.credits,
                    balance: try total.balance(of: account))
            }
            let report = Report(
                entry: entry, accounts: lines, debits: try Amount.sum(lines.map(\.debits)),
                credits: try Amount.sum(lines.map(\.credits)))
            if options.json { return try ChannelOutput.json(report) }
            print("after entry \(entry)")
            LedgerOutput.table(
                ["account", "debits", "credits", "balance"],
                lines.map { [$0.account, $0.debits.decimal, $0.credits.decimal, $0.balance.decimal] }
                    + [["", report.debits.decimal, report.credits.decimal, ""]])
        }
    }
}

/// How `feesvc ledger` lays figures out.
enum LedgerOutput {
    /// Prints rows in columns, the first to the left and figures to the right.
    static func table(_ header: [String]?, _ rows: [[String]]) {
        let all = [header].compactMap(\.self) + rows
        guard let count = all.first?.count else { return }
        let widths = (0..<count).map { column in all.map { $0[column].count }.max() ?? 0 }
        for row in all {
            let cells = row.enumerated().map { column, text in
                let blanks = String(repeating: " ", count: widths[column] - text.count)
                return column == 0 ? text + blanks : blanks + text
            }
            print(cells.joined(separator: "  "))
        }
    }
}
