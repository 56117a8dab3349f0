import Channels
import Foundation
import Ledger
import Primitives
import Reports
import Storage

/// The part of the books that a report is of, cut at entries: an epoch, or a range of UTC days.
struct ReportPeriod {
    let name: String
    let period: ReportScope.Period
    let from: UInt64
    /// The last second.
    let to: UInt64
    let entries: Range<UInt64>
    let leaves: Range<UInt64>

    /// An epoch that has ended.
    static func epoch(_ number: UInt64, _ transaction: Transaction, _ state: LogState) async throws -> ReportPeriod {
        guard let epoch = try await EpochStore(transaction).epoch(number) else {
            throw Refusal(404, "epoch/unknown", "Epoch \(number) has not begun; epoch \(state.openEpoch) is open.")
        }
        guard let endEntry = epoch.endEntry, let endIndex = epoch.endIndex else {
            let edge = ChannelOutput.moment(state.genesis.epochs.edge(of: number))
            throw Refusal(
                409, "epoch/open", "Epoch \(number) is open until \(edge); only what has ended can be reported.")
        }
        let clock = state.genesis.epochs
        return ReportPeriod(
            name: EpochExport.directoryName(number), period: .epoch(number), from: clock.beginning(of: number),
            to: clock.edge(of: number), entries: epoch.firstEntry..<endEntry, leaves: epoch.firstIndex..<endIndex)
    }

    /// Whole days of UTC, from the first to the last, all of which have ended in the log.
    static func days(
        _ first: UTCDay, through last: UTCDay, _ transaction: Transaction, _ state: LogState
    ) async throws -> ReportPeriod {
        let to = last.next.start - 1
        guard first <= last else {
            throw OperatorError("The range ends on \(last), before it begins on \(first).")
        }
        guard state.time > to else {
            throw OperatorError(
                "\(last) is not over in the log, whose time is \(ChannelOutput.moment(state.time)); end the range a day "
                    + "before that.")
        }
        let store = PeriodStore(transaction)
        return ReportPeriod(
            name: "\(first)_\(last)", period: .range, from: first.start, to: to,
            entries: try await store.entries(from: first.start, to: to),
            leaves: try await store.leaves(from: first.start, to: to, size: state.tree.size))
    }
}
