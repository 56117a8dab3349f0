import ArgumentParser
import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Storage

/// `feesvc solvency state`.
struct SolvencyState: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "state",
        abstract: "Write what is owed: solvency.json for everybody, liabilities.csv for proofs.",
        discussion: """
            What is owed now, or was when an epoch or a day ended: then it is the statement of that period's report and \
            export, with what proofs of it are made from. Nothing is written where what is owed is not what is in custody.
            """)

    @OptionGroup var options: LedgerOptions
    @Option(help: "What was owed at the edge of this epoch.")
    var epoch: UInt64?
    @Option(help: "What was owed when this day ended, as 2024-01-31 (UTC).", transform: LedgerPeriod.day)
    var through: UTCDay?
    @Option(help: "The folder to write to.")
    var out = "./solvency"
    @Option(help: "A key file, as keys/log.key, that signs the statement.")
    var sign: String?
    @OptionGroup var passphrase: PassphraseOptions

    func validate() throws {
        guard epoch == nil || through == nil else {
            throw ValidationError("--epoch and --through are two ways to say one thing.")
        }
    }

    func run() async throws {
        let key = try await passphrase.key(sign)
        try await options.read { transaction in
            let (body, liabilities) = try await owed(transaction).stated(by: key)
            try SolvencyFolder(path: out).write(body, liabilities)
            guard !options.json else { return try ChannelOutput.json(body) }
            ChannelOutput.lines([
                ("owed", "\(body.total) to \(body.leaves)"), ("custody", body.custody.decimal),
                ("after entry", "\(body.entry)"), ("root", body.root.hex), ("statement", body.statement.hex),
            ])
        }
    }

    private func owed(_ transaction: Transaction) async throws -> OwedState {
        guard let state = try await LogStore(transaction).state() else {
            throw OperatorError("This database holds no instance.")
        }
        if let epoch {
            let period = try await ReportPeriod.epoch(epoch, transaction, state)
            return try await OwedState(transaction, state, at: period.end)
        }
        if let through {
            let day = try await ReportPeriod.days(through, through: through, transaction, state)
            return try await OwedState(transaction, state, at: day.end)
        }
        return try await OwedState(now: transaction, state)
    }
}

/// All that is owed after an entry of the journal, with what is in custody then.
struct OwedState {
    let state: LogState
    let last: EntryAnchor
    let custody: Amount
    let liabilities: [Liability]

    /// What is owed as a snapshot of the database has it.
    init(now transaction: Transaction, _ state: LogState) async throws {
        self.state = state
        let last = state.anchor
        self.last = last
        custody = try await NodeStore(transaction).balance(of: .custody)
        liabilities = try await SolvencyStore(transaction).liabilities {
            state.liabilitySalt(of: $0, after: last.number)
        }
    }

    /// What was owed at a place in the books.
    init(_ transaction: Transaction, _ state: LogState, at place: BooksPlace) async throws {
        self.state = state
        last = try await PeriodStore(transaction).anchor(of: place.entry) ?? .origin
        let totals = try await ReportStore(transaction).totals(before: place.entry + 1)
        custody = try (totals[.custody] ?? AccountTotals()).balance(of: .custody)
        liabilities = try await SolvencyStore(transaction).liabilities(at: place) {
            state.liabilitySalt(of: $0, after: place.entry)
        }
    }

    /// The statement, signed where there is a key, with what proofs are made from.
    func stated(by key: SecretKey?) throws -> (SolvencyBody, [Liability]) {
        let tree = try SolvencyTree(liabilities)
        guard tree.root.sum == custody else {
            throw OperatorError(
                "\(tree.root.sum) is owed and \(custody) is in custody: run feesvc ledger verify.")
        }
        let statement = SolvencyStatement(
            logID: state.genesis.logID, entry: last.number, entryHash: last.hash, leaves: UInt64(tree.count),
            root: tree.root)
        let signature = key.map {
            $0.sign(state.genesis.domain.digest(of: SolvencySignature(statement: statement.hash)))
        }
        return (SolvencyBody(statement, custody: custody, signature: signature), liabilities)
    }
}

extension ReportPeriod {
    /// Where it ends.
    var end: BooksPlace { BooksPlace(entry: entries.upperBound - 1, index: leaves.upperBound, time: to) }
}
