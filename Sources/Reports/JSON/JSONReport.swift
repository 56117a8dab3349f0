import Ledger
import Primitives
import Rewards

/// The whole report as one JSON document, docs/report.schema.json. Amounts are base-10 strings of the smallest unit, counts
/// and times numbers.
public struct JSONReport: ReportWriter {
    /// The name of the form, a member of the document.
    public static let form = "feesvc/report/1"

    private var out: SinkBuffer
    private var isFirstEntry = true

    /// Writes to a sink.
    public init(to sink: any ByteSink) {
        out = SinkBuffer(sink)
    }

    /// Writes scope, opening balances and schedules.
    public mutating func begin(_ report: Report) throws {
        out.text.append("{\"form\":\(JSONText.quoted(Self.form)),\n\"scope\":")
        appendScope(report.scope)
        out.text.append(",\n\"opening\":")
        appendBalances(report.opening.map { ($0, $1) }.sorted { $0.0.name < $1.0.name })
        out.text.append(",\n\"schedules\":[")
        for (place, schedule) in report.schedules.enumerated() {
            out.text.append(place == 0 ? "\n" : ",\n")
            appendSchedule(schedule)
            try out.passBlock()
        }
        out.text.append("],\n\"journal\":[")
    }

    /// Writes an entry.
    public mutating func append(_ entry: ReportEntry) throws {
        let (entry, hash) = (entry.checked.entry, entry.checked.entry.hash)
        out.text.append(isFirstEntry ? "\n" : ",\n")
        isFirstEntry = false
        out.text.append("{\"number\":")
        out.text.append(entry.number)
        out.text.append(",\"time\":")
        out.text.append(entry.time)
        out.text.append(",\"epoch\":")
        out.text.append(entry.epoch)
        out.text.append(",\"kind\":\"\(entry.kind)\",\"reference\":\(JSONText.quoted(entry.reference))")
        out.text.append(",\"previous\":\"\(entry.previous.hex)\",\"hash\":\"\(hash.hex)\",\"postings\":[")
        for (place, posting) in entry.postings.enumerated() {
            out.text.append("\(place == 0 ? "" : ",")\n {\"account\":\"\(posting.account.name)\",\"debit\":\"")
            out.text.append(units: posting.debit.units)
            out.text.append("\",\"credit\":\"")
            out.text.append(units: posting.credit.units)
            out.text.append("\"}")
        }
        out.text.append("]}")
        try out.passBlock()
    }

    /// Writes closing balances, totals and checks.
    public mutating func finish(_ end: ReportEnd) throws {
        out.text.append("],\n\"closing\":")
        appendBalances(end.balances.map { ($0.account, $0.balance) })
        out.text.append(",\n\"totals\":{\"entries\":\(end.totals.entries),\"postings\":\(end.totals.postings)")
        out.text.append(",\"debits\":\"\(end.totals.debits.decimal)\",\"credits\":\"\(end.totals.credits.decimal)\"}")
        out.text.append(",\n\"checks\":[")
        for (place, decided) in end.checks.enumerated() {
            out.text.append("\(place == 0 ? "" : ",")\n{\"name\":\(JSONText.quoted(decided.check.name)),\"terms\":[")
            for (place, (term, figure)) in zip(decided.check.terms, decided.figures).enumerated() {
                out.text.append("\(place == 0 ? "" : ","){\"source\":\(JSONText.quoted(term.source.text))")
                out.text.append(",\"sign\":\(term.isSubtracted ? -1 : 1),\"value\":\"\(figure.decimal)\"}")
            }
            out.text.append("],\"difference\":\"\(decided.difference.decimal)\"}")
        }
        out.text.append("]}\n")
        try out.passAll()
    }

    private mutating func appendScope(_ scope: ReportScope) {
        out.text.append("{\"title\":\(JSONText.quoted(scope.title)),\"logId\":\"\(scope.logID.hex)\"")
        if let (what, id) = scope.subject.named { out.text.append(",\"\(what)\":\"\(id)\"") }
        if case .epoch(let number) = scope.period { out.text.append(",\"epoch\":\(number)") }
        out.text.append(",\"from\":\(scope.from),\"to\":\(scope.to)")
        if let entries = scope.entries {
            for (name, anchor) in [("first", entries.first), ("last", entries.last)] {
                out.text.append(",\"\(name)\":{\"number\":\(anchor.number),\"hash\":\"\(anchor.hash.hex)\"}")
            }
        }
        out.text.append(",\"currency\":\(JSONText.quoted(scope.currency)),\"scale\":\(scope.scale)}")
    }

    private mutating func appendBalances(_ balances: [(ReportAccount, Amount)]) {
        out.text.append("[")
        for (place, (account, balance)) in balances.enumerated() {
            out.text.append("\(place == 0 ? "" : ",")\n{\"account\":\"\(account.name)\",\"balance\":\"\(balance)\"}")
        }
        out.text.append("]")
    }

    private mutating func appendSchedule(_ schedule: Schedule) {
        let table = schedule.table
        out.text.append("{\"name\":\(JSONText.quoted(table.name)),\"title\":\(JSONText.quoted(schedule.title))")
        out.text.append(",\"columns\":[\(table.columns.map(JSONText.quoted).joined(separator: ","))],\"rowChecks\":[")
        for (place, check) in schedule.rowChecks.enumerated() {
            out.text.append("\(place == 0 ? "" : ","){\"name\":\(JSONText.quoted(check.name))")
            out.text.append(",\"added\":[\(check.added.map(JSONText.quoted).joined(separator: ","))]")
            out.text.append(",\"subtracted\":[\(check.subtracted.map(JSONText.quoted).joined(separator: ","))]}")
        }
        out.text.append("],\"rows\":[")
        for (number, row) in table.rows.enumerated() {
            out.text.append(number == 0 ? "\n{" : ",\n{")
            for (place, (column, cell)) in zip(table.columns, row).enumerated() {
                if place > 0 { out.text.append(",") }
                out.text.append("\(JSONText.quoted(column)):\(Self.value(cell))")
            }
            out.text.append("}")
        }
        out.text.append("]}")
    }

    private static func value(_ cell: ReportCell) -> String {
        switch cell {
        case .text(let text): JSONText.quoted(text)
        case .integer(let value): String(value)
        case .amount(let amount): "\"\(amount.decimal)\""
        case .empty: "null"
        }
    }
}
