import Channels
import Payer
import Primitives
import Rewards
import Storage

/// What an audit of an epoch has to know of refunds before it.
extension EpochInputs {
    /// What pools owed and had not paid; `nil` where that was nothing.
    func owed() async throws -> Amount? {
        let owed = try await DebtStore(transaction).owed(before: epoch.firstIndex)
        return owed > .zero ? owed : nil
    }

    /// The outages that were declared before; `nil` where there was none.
    func outages() async throws -> [EpochOpening.Rotation]? {
        let leaves = try await LogStore(transaction).leaves(of: .outage, before: epoch.firstIndex)
        guard !leaves.isEmpty else { return nil }
        return leaves.map { EpochOpening.Rotation(logIndex: $0.index, body: HexBytes($0.body)) }
    }

    /// The charges of earlier epochs that refund leaves of this one name; `nil` where there is none.
    func histories() async throws -> [EpochOpening.History]? {
        let numbers = try await named().refunded.filter { $0 < epoch.firstCharge }.sorted()
        guard !numbers.isEmpty else { return nil }
        let stored = try await HistoryStore(transaction).histories(of: numbers, before: epoch.firstIndex)
        let log = LogStore(transaction)
        let leaves = try await log.leaves(at: stored.map(\.logIndex))
        let paths = try await log.paths(of: stored.map(\.logIndex), at: epoch.firstIndex)
        let acts = try await log.acts(before: epoch.firstIndex)
        var histories: [EpochOpening.History] = []
        for (one, path) in zip(stored, paths) {
            guard let leaf = leaves[one.logIndex] else {
                throw StorageCorruption("leaf \(one.logIndex) of charge \(one.history.number) is missing")
            }
            let floor = acts.rollbacks.last { $0.index < leaf.index }?.rollback.lastCharge ?? 0
            let rate = try await ChargeStore(transaction)
                .rate(at: leaf.time, through: one.history.number - 1, after: floor)
            let history = one.history
            histories.append(
                EpochOpening.History(
                    leaf: HexBytes(leaf.canonicalBytes), path: path, isBaseHeld: history.isBaseHeld,
                    isPostageHeld: history.isPostageHeld, returned: EpochOpening.Parts(history.returned),
                    owed: EpochOpening.Parts(history.owed),
                    releases: history.releases.map {
                        EpochOpening.Release(
                            logIndex: $0.logIndex, perDay: $0.perDay, fromDay: $0.fromDay.number, isPrice: $0.isPrice)
                    }, minuteCounts: rate.newest.list))
        }
        return histories
    }
}

extension EpochOpening.Parts {
    init(_ parts: RefundParts) {
        self.init(base: parts.base, congestion: parts.congestion, storage: parts.storage, postage: parts.postage)
    }
}

extension DebtRow {
    static func cells(_ debt: DebtStore.AtEdge) -> [ReportCell] {
        [
            .integer(debt.logIndex), .text(debt.channelID.hex), .text(debt.ground.name), .amount(debt.owed),
            .amount(debt.paid),
        ]
    }
}
