import Channels
import Payer
import Primitives

extension ReplayedRefunds {
    /// Starts from what was decided before the epoch. `root` is that of the log before it.
    init(_ opening: EpochOpening, named: Set<UInt64>, root: Bytes32) throws {
        self.init(named: named, owed: opening.owed ?? .zero, outages: try Self.outages(opening))
        for history in opening.histories ?? [] {
            let known = try Self.known(history, opening, root, outages)
            cases[known.history.number] = known
        }
    }

    private static func outages(_ opening: EpochOpening) throws -> [ChargeHistory.PastOutage] {
        try (opening.outages ?? []).map { logged in
            ChargeHistory.PastOutage(
                logIndex: logged.logIndex,
                outage: try LoggedOutage(canonicalBytes: logged.body.bytes).declared.outage)
        }
    }

    /// A charge whose leaf is shown with its path; what was decided on it is the epochs' before to prove.
    private static func known(
        _ history: EpochOpening.History, _ opening: EpochOpening, _ root: Bytes32,
        _ outages: [ChargeHistory.PastOutage]
    ) throws -> Case {
        let leaf = try LogLeaf(canonicalBytes: history.leaf.bytes)
        let place = "opening.json, leaf \(leaf.index)"
        guard let charge = try leaf.charge() else {
            throw AuditDifference(place, "leaf of a history", expected: "a charge", found: "\(leaf.kind)")
        }
        guard leaf.index < opening.size,
            MerkleLog.root(ofLeaf: leaf.hash, index: leaf.index, size: opening.size, path: history.path) == root
        else { throw AuditDifference(place, "path", expected: "to the log's root", found: "elsewhere") }
        let time = try leaf.origin().time
        var known = ChargeHistory(charge, acceptedAt: time, perDay: try charge.storagePerDay(acceptedAt: time))
        known.isBaseHeld = history.isBaseHeld
        known.isPostageHeld = history.isPostageHeld
        known.returned = RefundParts(history.returned)
        known.owed = RefundParts(history.owed)
        known.releases = history.releases.map {
            ChargeHistory.Release(
                logIndex: $0.logIndex, perDay: $0.perDay, fromDay: UTCDay(number: $0.fromDay), isPrice: $0.isPrice)
        }
        known.outages = outages
        let schedules = try opening.schedules.map { try FeeSchedule(canonicalBytes: $0.bytes) }
        var excess: Excess?
        if leaf.kind == .charge, let schedule = schedules.last(where: { $0.effectiveFrom <= leaf.time }),
            let counts = MinuteCounts(history.minuteCounts)
        {
            excess = try Excess(of: charge, at: leaf.time, under: schedule, counts: counts)
        }
        return Case(history: known, epoch: charge.epoch, excess: excess)
    }
}

extension RefundParts {
    fileprivate init(_ parts: EpochOpening.Parts) {
        self.init(
            base: parts.base, congestion: parts.congestion, storage: parts.storage, postage: parts.postage)
    }
}
