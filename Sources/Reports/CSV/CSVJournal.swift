import Ledger
import Primitives
import Rewards

/// The journal as CSV, a line a posting, amounts in the smallest unit. The other tables are ``CSVText/table(_:)`` of
/// ``Report/schedules``.
public struct CSVJournal: ReportWriter {
    private var out: SinkBuffer

    /// Writes to a sink.
    public init(to sink: any ByteSink) {
        out = SinkBuffer(sink)
    }

    /// Writes the names of the columns.
    public mutating func begin(_ report: Report) {
        CSVText.append(JournalColumns.all.map(ReportCell.text), to: &out.text)
    }

    /// Writes an entry's postings.
    public mutating func append(_ entry: ReportEntry) throws {
        let (entry, hash) = (entry.checked.entry, entry.checked.entry.hash.hex)
        let previous = entry.previous.hex
        for posting in entry.postings {
            CSVText.append(
                [
                    .integer(entry.number), .integer(entry.time), .integer(entry.epoch), .text(entry.kind),
                    .text(entry.reference), .text(posting.account.name), .amount(posting.debit),
                    .amount(posting.credit), .text(previous), .text(hash),
                ], to: &out.text)
        }
        try out.passBlock()
    }

    /// Hands on the last lines.
    public mutating func finish(_ end: ReportEnd) throws {
        try out.passAll()
    }
}

/// The names of the journal's columns in CSV.
enum JournalColumns {
    static let all = [
        "entry", "time", "epoch", "kind", "reference", "account", "debit", "credit", "previous", "hash",
    ]
}
