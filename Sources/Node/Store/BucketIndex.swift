import Primitives

/// The ids of each epoch in order, and the root of each set: what reconciliation compares.
///
/// 32 bytes an id; roots and order are brought up to date only where something came in since they were asked for.
struct BucketIndex {
    private struct Bucket {
        var settled = SortedIDs()
        var pending: [Bytes32] = []
        var root: Bytes32?

        mutating func settle() {
            guard !pending.isEmpty else { return }
            pending.sort()
            settled.insert(ascending: pending)
            pending = []
        }
    }

    private var buckets: [UInt64: Bucket] = [:]

    /// Adds an id that is in no bucket yet.
    mutating func insert(_ id: Bytes32, epoch: UInt64) {
        buckets[epoch, default: Bucket()].pending.append(id)
        buckets[epoch]?.root = nil
    }

    /// Count and root of each epoch, ascending.
    mutating func summary() -> [BucketSummary] {
        buckets.keys.sorted().map { epoch in
            var bucket = take(epoch) ?? Bucket()
            let root = bucket.root ?? bucket.settled.root
            bucket.root = root
            let summary = BucketSummary(epoch: epoch, count: UInt64(bucket.settled.count), root: root)
            buckets[epoch] = bucket
            return summary
        }
    }

    /// At most `limit` ids of an epoch above `after`, ascending, and whether there are more.
    ///
    /// Zero is before all ids.
    mutating func ids(epoch: UInt64, after: Bytes32, limit: Int) -> (ids: [Bytes32], more: Bool) {
        guard let bucket = take(epoch) else { return ([], false) }
        defer { buckets[epoch] = bucket }
        let ids = bucket.settled
        var start = ids.lowerBound(of: after)
        if start < ids.count, ids[start] == after { start += 1 }
        let end = min(ids.count, start + limit)
        return ((start..<end).map { ids[$0] }, end < ids.count)
    }

    /// Those of `ids` that the epoch's bucket lacks; `ids` ascend.
    mutating func missing(from ids: [Bytes32], epoch: UInt64) -> [Bytes32] {
        guard let bucket = take(epoch) else { return ids }
        defer { buckets[epoch] = bucket }
        return ids.filter { !bucket.settled.contains($0) }
    }

    /// Takes a bucket out, brought up to date, so that changing it copies nothing.
    private mutating func take(_ epoch: UInt64) -> Bucket? {
        guard var bucket = buckets.removeValue(forKey: epoch) else { return nil }
        bucket.settle()
        return bucket
    }
}
