import Ledger
import Primitives
import Reports

/// A sink that keeps everything.
final class CollectingSink: ByteSink {
    private(set) var bytes: [UInt8] = []

    var text: String { String(decoding: bytes, as: UTF8.self) }

    func append(_ bytes: [UInt8]) { self.bytes += bytes }
}

/// A sink that takes some blocks and no more.
final class FullSink: ByteSink {
    struct Full: Error {}

    private var blocks: Int

    init(blocks: Int) { self.blocks = blocks }

    func append(_ bytes: [UInt8]) throws {
        guard blocks > 0 else { throw Full() }
        blocks -= 1
    }
}

/// Custody gets an amount for channels one second before a leap day, and the amount goes into a pool one second later.
struct SmallReport {
    static let logID = SHA256.hash([1])
    /// 2024-02-28 23:59:59 UTC.
    static let time: UInt64 = 1_709_164_799

    var entries: [LedgerEntry]
    var opening: [LedgerAccount: Amount] = [:]
    var closing: [LedgerAccount: Amount]
    var title = "Epoch 1"
    var currency = "USD"
    var scale: UInt8 = 12
    var to = time + 60
    var schedules: [Schedule] = []
    var checks: [ReportCheck] = []

    init(_ amount: Amount = 5, reference: String = "deposit:1") throws {
        var draft = EntryDraft(.deposit, reference: reference)
        try draft.move(amount, from: .custody, to: .channels)
        let first = LedgerEntry(draft, after: .origin, time: Self.time, epoch: 1)
        draft = EntryDraft(.cut, reference: "cut:1")
        try draft.move(amount, from: .channels, to: .pool(1))
        entries = [first, LedgerEntry(draft, after: first.anchor, time: Self.time + 1, epoch: 1)]
        closing = [.custody: amount, .pool(1): amount]
    }

    var range: ReportScope.Entries? {
        guard let first = entries.first, let last = entries.last else { return nil }
        return ReportScope.Entries(first: first.anchor, last: last.anchor)
    }

    func report(_ range: ReportScope.Entries?) throws -> Report {
        try Report(
            scope: ReportScope(
                title: title, logID: Self.logID, period: .epoch(1), from: Self.time, to: to, entries: range,
                currency: currency, scale: scale),
            opening: opening, closing: closing, schedules: schedules, checks: checks)
    }

    /// Writes the report with one writer.
    func write(_ writer: some ReportWriter) throws {
        var run = try ReportRun(try report(range), writers: [writer])
        for entry in entries { try run.append(entry) }
        try run.finish()
    }

    /// The text that a writer makes of the report.
    func text(_ writer: (CollectingSink) -> any ReportWriter) throws -> String {
        let sink = CollectingSink()
        var run = try ReportRun(try report(range), writers: [writer(sink)])
        for entry in entries { try run.append(entry) }
        try run.finish()
        return sink.text
    }
}
