import Channels
import Ledger
import Primitives
import Reports
import Rewards
import Storage

/// Gathers a node operator's statement from the database.
struct OperatorStatementContent {
    let transaction: Transaction
    let state: LogState
    let period: ReportPeriod
    let operatorAddress: Address
    /// The operator's node; an operator may have a stake and none.
    let node: RegisteredNode?

    private var accounts: OperatorAccounts {
        OperatorAccounts(operatorAddress, payout: node?.registration.payout ?? operatorAddress)
    }

    /// The folder's name: `statement-epoch-0003-operator-0x…`.
    var name: String { "statement-\(period.name)-operator-\(operatorAddress.hex)" }

    /// Finds an operator.
    ///
    /// Throws ``ReportFault/unknownOperator(_:)`` where nobody of this address runs a node or ever had a stake.
    init(_ address: Address, _ transaction: Transaction, _ state: LogState, _ period: ReportPeriod) async throws {
        node = try await NodeStore(transaction).all().first { $0.node.registration.operatorAddress == address }?.node
        if node == nil {
            let stakes = try await LedgerStore(transaction).storedTotals()
            guard stakes[.stake(address)] != nil else { throw ReportFault.unknownOperator(address) }
        }
        self.transaction = transaction
        self.state = state
        self.period = period
        operatorAddress = address
    }

    /// The statement without its journal.
    func statement() async throws -> OperatorStatement {
        let accounts = accounts
        let reports = ReportStore(transaction)
        let books = try PeriodBooks(
            opening: try await reports.totals(before: period.entries.lowerBound).filter {
                accounts.own.contains($0.key)
            },
            closing: try await reports.totals(before: period.entries.upperBound).filter {
                accounts.own.contains($0.key)
            },
            flows: try await PeriodStore(transaction).flows(period.entries).filter { accounts.own.contains($0.account) }
                .map {
                    AccountFlow(
                        account: $0.account, kind: $0.kind, debits: $0.totals.debits, credits: $0.totals.credits)
                })
        var journal = OperatorJournal(accounts)
        try await OperatorStore(transaction).forEachEntry(period.entries, of: accounts.own) { _ = try journal.take($0) }
        let content = ReportContent(transaction: transaction, state: state, period: period)
        return OperatorStatement(
            accounts: accounts, books: books, journal: journal,
            rewards: try await content.contributions(of: operatorAddress), penalties: try await penalties(),
            claims: try await claims())
    }

    private func penalties() async throws -> ReportTable {
        var rows: [[ReportCell]] = []
        if let node {
            for event in try await OperatorStore(transaction).slashes(of: node.number, in: period.leaves) {
                rows.append([.integer(event.logIndex), .integer(event.time), .amount(event.amount)])
            }
        }
        return ReportTable(name: "penalties", columns: ["log_index", "time", "amount"], rows: rows)
    }

    private func claims() async throws -> ReportTable {
        var rows: [[ReportCell]] = []
        if let node {
            for event in try await OperatorStore(transaction).claims(of: node.number, in: period.leaves) {
                rows.append([
                    .integer(event.logIndex), .integer(event.time), .integer(event.epoch), .amount(event.amount),
                ])
            }
        }
        return ReportTable(name: "claims", columns: ["log_index", "time", "epoch", "paid"], rows: rows)
    }

    /// Writes the statement below `parent` and returns the folder.
    func write(
        _ formats: Set<ReportFormat>, under parent: String, sign: ([UInt8]) -> Signature?
    ) async throws -> String {
        let report = try await statement().report(
            try await period.scope(.nodeOperator(operatorAddress), transaction, state))
        let files = ReportFiles(name: name, formats: formats) { run in
            var journal = OperatorJournal(accounts)
            try await OperatorStore(transaction).forEachEntry(period.entries, of: accounts.own) { entry in
                try run.append(try journal.take(entry))
            }
        }
        return try await files.write(report, under: parent, sign: sign)
    }
}
