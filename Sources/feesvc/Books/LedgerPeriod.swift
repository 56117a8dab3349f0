import ArgumentParser
import Channels
import Ledger
import Primitives
import Storage

/// A part of the books, cut as ``ReportPeriod`` cuts it; the open epoch ends with what is newest. Of all where none is named.
struct LedgerPeriod: ParsableArguments {
    @Option(help: "Only this epoch.")
    var epoch: UInt64?
    @Option(help: "From this day on, as 2024-01-01 (UTC).", transform: Self.day)
    var from: UTCDay?
    @Option(help: "Up to this day, which is included.", transform: Self.day)
    var through: UTCDay?

    func validate() throws {
        guard epoch == nil || from == nil, (from == nil) == (through == nil) else {
            throw ValidationError("Say of what: --epoch, or --from and --through; or nothing, which is all.")
        }
    }

    /// Reads a day.
    static func day(_ text: String) throws -> UTCDay {
        guard let day = UTCDay(text) else { throw ValidationError("\(text) is no day; write it as 2024-01-31.") }
        return day
    }

    /// Its entries and leaves.
    func cut(_ transaction: Transaction) async throws -> (entries: Range<UInt64>, leaves: Range<UInt64>) {
        guard let state = try await LogStore(transaction).state() else {
            throw OperatorError("This database holds no instance.")
        }
        if let from, let through {
            let period = try await ReportPeriod.days(from, through: through, transaction, state)
            return (period.entries, period.leaves)
        }
        let end = (entry: state.anchor.number + 1, leaf: state.tree.size)
        guard let epoch else { return (1..<end.entry, 0..<end.leaf) }
        guard let found = try await EpochStore(transaction).epoch(epoch) else {
            throw Refusal(404, "epoch/unknown", "Epoch \(epoch) has not begun; epoch \(state.openEpoch) is open.")
        }
        return (found.firstEntry..<(found.endEntry ?? end.entry), found.firstIndex..<(found.endIndex ?? end.leaf))
    }
}
