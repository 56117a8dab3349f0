import Primitives

/// A peer, as far as healing asks it.
protocol ReconcileSource: Sendable {
    /// Count and root of each epoch, ascending.
    func summary() async throws -> [BucketSummary]
    /// A page of an epoch's ids, ascending.
    func ids(epoch: UInt64, after: Bytes32) async throws -> (ids: [Bytes32], more: Bool)
    /// What it has of some ids, as much as fits an answer.
    func fetch(_ ids: [Bytes32]) async throws -> [WireEvent]
}

/// The own set, as far as healing changes it.
protocol ReconcileReplica: Sendable {
    /// Count and root of each epoch, ascending.
    func summary() async throws -> [BucketSummary]
    /// Of a peer's ids of an epoch, those worth asking for.
    func wanted(from ids: [Bytes32], epoch: UInt64) async throws -> [Bytes32]
    /// Ancestors that events wait for, some of them.
    func needed(except asked: Set<Bytes32>, limit: Int) async throws -> [Bytes32]
    /// Of some ids, those that are neither held nor waiting, nor refused for good.
    func unknown(_ ids: [Bytes32]) async throws -> [Bytes32]
    /// Which ids are being fetched for this set, from whichever peer.
    var claims: FetchClaims { get }
    /// Checks and admits events; returns the ids that found no room, with their place in their chain.
    func take(_ events: [WireEvent]) async throws -> [(sequence: UInt64, id: Bytes32)]
}

/// Finds what a peer holds and this node lacks, and brings it.
///
/// A faster way to find differences takes the place of ``BucketReconciler`` behind this.
protocol Reconciler: Sendable {
    /// Heals `replica` from `source`; `true` where both hold the same at the end.
    func reconcile(_ replica: any ReconcileReplica, with source: any ReconcileSource) async throws -> Bool
    /// Brings the ancestors that events of `replica` wait for, level by level, as far as `source` has them.
    func fetchAncestors(for replica: any ReconcileReplica, from source: any ReconcileSource) async throws
}
