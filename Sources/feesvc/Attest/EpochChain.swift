import Payer
import Rewards

/// Epochs that are recomputed one after the other, each from where the one before ended.
///
/// The state before the first of them is what the service says; nothing that comes after is.
struct EpochChain {
    let service: ServiceConnection
    /// The epoch from which all are recomputed, whichever is wanted; `nil` is only those that are wanted.
    let since: UInt64?
    /// The first epoch of the run that ends with the newest.
    private(set) var first: UInt64 = 0
    private var newest: PublicInputs.Recomputed?

    init(_ service: ServiceConnection, since: UInt64?) {
        self.service = service
        self.since = since
    }

    /// Recomputes an epoch, and before it those that are missing since ``since``.
    mutating func recompute(_ epoch: SealedEpoch) async throws -> EpochAudit {
        let known = newest.map { $0.audit.result.epoch } ?? 0
        var next = since.map { known >= $0 && known < epoch.number ? known + 1 : $0 } ?? epoch.number
        while next < epoch.number {
            _ = try await follow(try await SealedEpoch(next, of: service))
            next += 1
        }
        return try await follow(epoch)
    }

    private mutating func follow(_ epoch: SealedEpoch) async throws -> EpochAudit {
        let previous = newest.flatMap { $0.audit.result.epoch + 1 == epoch.number ? $0 : nil }
        let recomputed = try await epoch.recomputed(after: previous)
        if previous == nil { first = epoch.number }
        newest = recomputed
        return recomputed.audit
    }
}
