import Channels
import Primitives

/// What a peer holds of a shard, as far as healing asks it.
protocol ReconcileSource: Sendable {
    /// What it holds, where that is not the same.
    func compare(_ state: SetState) async throws -> SetComparison
    /// The places of chains on which it holds events.
    func places() async throws -> [PlaceRange]
    /// Cells of the sketch under its key.
    func cells(from first: Int, count: Int) async throws -> [SketchCell]
    /// The tree's root of each day, ascending.
    func days() async throws -> [DayNode]
    /// What lies below some paths of a day's tree.
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent]
    /// What it has of some events, as much as fits an answer.
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent]
}

/// The own set of a shard, as far as healing changes it.
protocol ReconcileReplica: Sendable {
    var sharding: Sharding { get }
    var shard: Shard { get }
    func state() async throws -> SetState
    /// The state of what expires on a day or later.
    func state(from floor: UTCDay) async throws -> SetState
    /// In how many ranges the places lie that it holds events on.
    func placeRanges() async throws -> Int
    /// Of a peer's places, those on which it holds nothing, at most `limit`.
    func lacking(from places: [PlaceRange], limit: UInt64) async throws -> [PlaceRange]
    /// Cells of the own set's sketch under a peer's key.
    func cells(_ key: SipHash, from first: Int, count: Int) async throws -> [SketchCell]
    func days() async throws -> [DayNode]
    /// What lies below some paths of a day's own tree.
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent]
    /// Ancestors that events came without, some of them.
    func needed(limit: Int) async throws -> [FetchTarget]
    /// Of some targets, those that are neither held nor refused for good.
    func unknown(_ targets: [FetchTarget]) async throws -> [FetchTarget]
    /// Waits a little for what others are fetching.
    func pause() async throws
    /// What is being fetched for this set, from whichever peer.
    var claims: FetchClaims { get }
    /// Checks and admits events; returns how many were admitted.
    func take(_ events: [WireEvent]) async throws -> Int
}

extension ReconcileReplica {
    func pause() async throws { try await Task.sleep(for: .milliseconds(20)) }
}

/// How a session with a peer ended.
enum ReconcileOutcome: Hashable, Sendable {
    /// Both hold the same.
    case equal
    /// The peer does not hold the shard.
    case absent
    /// The peer holds nothing that this node lacks, as far as was looked; it is the peer's turn.
    case ahead
    /// What the peer holds and this node lacks was not found or not brought.
    case unequal
}

/// Finds what a peer holds and this node lacks, and brings it.
protocol Reconciler: Sendable {
    /// Heals `replica` from `source`.
    ///
    /// Who is patient and finds nothing on the peer's places, of which the peer has fewer, takes the peer to be behind, and looks no
    /// further: in all but one case in a million that is so, and the peer is about to heal. Who was patient before is not again.
    func reconcile(
        _ replica: any ReconcileReplica, with source: any ReconcileSource, isPatient: Bool
    ) async throws -> ReconcileOutcome
    /// Brings the ancestors that events of `replica` came without, level by level, as far as `source` has them.
    func fetchAncestors(for replica: any ReconcileReplica, from source: any ReconcileSource) async throws
}

extension Reconciler {
    /// Heals as far as can be; `true` where both hold the same at the end.
    func reconcile(_ replica: any ReconcileReplica, with source: any ReconcileSource) async throws -> Bool {
        try await reconcile(replica, with: source, isPatient: false) == .equal
    }
}
