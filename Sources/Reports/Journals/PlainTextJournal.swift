import Ledger
import Primitives

/// The journal for a plain-text accounting tool: opening balances, a transaction an entry, and at the end an assertion of
/// every account's balance.
///
/// Debits are positive, credits negative, with all decimals of the currency, so that an error of one unit is refused by the
/// tool itself. The order is the same for every tool. Texts are written as in JSON, in printable ASCII, so that they are
/// read alike in any locale and are nothing but text.
public struct PlainTextJournal: ReportWriter {
    /// A tool that reads journals.
    public enum Tool: String, Hashable, Sendable, CaseIterable {
        /// hledger: `hledger check -s -f FILE`.
        case hledger
        /// ledger-cli: `ledger --strict --pedantic -f FILE balance`.
        case ledger
        /// beancount: `bean-check FILE`.
        case beancount

        var dialect: any JournalDialect {
            switch self {
            case .hledger: HledgerDialect()
            case .ledger: LedgerDialect()
            case .beancount: BeancountDialect()
            }
        }
    }

    /// The names of all tags, in the order in which they are written.
    static let tagNames = ["opening", "closing", "entry", "time", "epoch", "kind", "reference", "hash"]

    private let tool: Tool
    private let dialect: any JournalDialect
    private var out: SinkBuffer
    private var currency = JournalCurrency(code: "", scale: 0)
    private var lastDay = UTCDay(number: 0)
    /// The accounts that were declared, with their names in the tool.
    private var names: [ReportAccount: String] = [:]

    /// Writes to a sink.
    ///
    /// With ``Tool/beancount`` a run throws ``ReportError/beancountDigits(entry:)`` where beancount could not add up.
    public init(_ tool: Tool, to sink: any ByteSink) {
        self.tool = tool
        dialect = tool.dialect
        out = SinkBuffer(sink)
    }

    /// Writes the currency and the opening balances.
    public mutating func begin(_ report: Report) throws {
        let scope = report.scope
        currency = JournalCurrency(code: scope.currency, scale: scope.scale)
        lastDay = scope.lastDay
        out.text.append(commentsOn: scope)
        dialect.appendPreamble(scope, currency, to: &out.text)
        let debits = report.opening.filter(\.key.isDebit).values
        try requireDigits(for: (try? Amount.sum(debits)) ?? .max, entry: 0)
        let opening = report.opening.filter { $0.value > .zero }
            .map { (account: $0.key, balance: $0.value) }.sorted { $0.account.name < $1.account.name }
        guard !opening.isEmpty else { return }
        declare(opening.map(\.account), on: scope.firstDay)
        dialect.appendHead(
            TransactionHead(
                day: scope.firstDay, description: "opening", number: nil, tags: [("opening", "balances")]),
            to: &out.text)
        for line in opening {
            appendPosting(to: line.account, line.balance, isNegative: !line.account.isDebit)
        }
        try out.passBlock()
    }

    /// Writes an entry.
    public mutating func append(_ entry: ReportEntry) throws {
        let (checked, entry) = (entry.checked, entry.checked.entry)
        try requireDigits(for: checked.largestSum, entry: entry.number)
        // A transaction without postings is none to ledger.
        guard !entry.postings.isEmpty else {
            out.text.append("\n; entry \(entry.number) has no postings, \(checked.entry.hash.hex)\n")
            return
        }
        let day = UTCDay(containing: entry.time)
        declare(entry.postings.map(\.account), on: day)
        dialect.appendHead(
            TransactionHead(
                day: day, description: entry.kind, number: entry.number,
                tags: [
                    ("entry", String(entry.number)), ("time", String(entry.time)), ("epoch", String(entry.epoch)),
                    ("kind", entry.kind), ("reference", JSONText.escaped(entry.reference, .journal)),
                    ("hash", checked.entry.hash.hex),
                ]), to: &out.text)
        for posting in entry.postings {
            let isDebit = posting.debit > .zero
            appendPosting(
                to: posting.account, isDebit ? posting.debit : posting.credit, isNegative: !isDebit)
        }
        try out.passBlock()
    }

    /// Writes the assertions.
    public mutating func finish(_ end: ReportEnd) throws {
        if !end.balances.isEmpty {
            declare(end.balances.map(\.account), on: lastDay)
            dialect.appendAssertions(
                end.balances.map {
                    JournalBalance(name: dialect.name(of: $0.account), account: $0.account, balance: $0.balance)
                }, on: lastDay, currency, to: &out.text)
        }
        try out.passAll()
    }

    /// Declares those of the accounts that are new.
    private mutating func declare(_ accounts: [ReportAccount], on day: UTCDay) {
        var isFirst = true
        for account in accounts where names[account] == nil {
            let name = dialect.name(of: account)
            names[account] = name
            if isFirst { out.text.append("\n") }
            isFirst = false
            dialect.appendDeclaration(of: name, on: day, currency, to: &out.text)
        }
    }

    private mutating func appendPosting(to account: ReportAccount, _ amount: Amount, isNegative: Bool) {
        out.text.append(
            posting: names[account] ?? dialect.name(of: account), units: amount.units, isNegative: isNegative,
            scale: currency.scale, symbol: tool == .beancount ? currency.symbol : currency.quotedSymbol)
        out.text.append("\n")
    }

    private func requireDigits(for sum: Amount, entry: UInt64) throws(ReportError) {
        guard tool == .beancount, sum >= BeancountDialect.sumLimit else { return }
        throw .beancountDigits(entry: entry)
    }
}
