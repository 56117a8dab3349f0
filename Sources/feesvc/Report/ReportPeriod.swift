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
            let why = number == 0 ? "Epochs count from 1" : "Epoch \(number) has not begun"
            throw Refusal(404, "epoch/unknown", "\(why); epoch \(state.openEpoch) is open.")
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
        guard first <= last else { throw ReportFault.backwards(from: first, through: last) }
        let start = UTCDay(containing: try await LogStore(transaction).leaves(0..<1).first?.time ?? state.genesis.start)
        guard last >= start else { throw ReportFault.beforeStart(last, start: start) }
        guard state.time > to else { throw ReportFault.notOver(last, now: ChannelOutput.moment(state.time)) }
        let store = PeriodStore(transaction)
        return ReportPeriod(
            name: "\(first)_\(last)", period: .range, from: first.start, to: to,
            entries: try await store.entries(from: first.start, to: to),
            leaves: try await store.leaves(from: first.start, to: to, size: state.tree.size))
    }
}

extension ReportPeriod {
    /// The scope of a report of somebody's accounts in the period.
    func scope(
        _ subject: ReportScope.Subject, _ transaction: Transaction, _ state: LogState
    ) async throws -> ReportScope {
        let store = PeriodStore(transaction)
        var range: ReportScope.Entries?
        if !entries.isEmpty, let first = try await store.anchor(of: entries.lowerBound),
            let last = try await store.anchor(of: entries.upperBound - 1)
        {
            range = ReportScope.Entries(first: first, last: last)
        }
        return try ReportScope(
            subject, title: "feesvc \(name)", logID: state.genesis.logID, period: period, from: from, to: to,
            entries: range, currency: state.genesis.currency, scale: state.genesis.ledgerScale)
    }
}
