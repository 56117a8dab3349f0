import Primitives

/// The ids of each epoch in order, and the root of each set: what reconciliation compares.
///
/// 32 bytes an id; roots and order are brought up to date only where something came in since they were asked for.
struct BucketIndex {
    private struct Bucket {
        var sorted: [Bytes32] = []
        var pending: [Bytes32] = []
        var root: Bytes32?

        mutating func settle() {
            guard !pending.isEmpty else { return }
            pending.sort()
            guard let last = sorted.last, pending[0] < last else {
                sorted.append(contentsOf: pending)
                pending = []
                return
            }
            var merged: [Bytes32] = []
            merged.reserveCapacity(sorted.count + pending.count)
            var next = 0
            for id in sorted {
                while next < pending.count, pending[next] < id {
                    merged.append(pending[next])
                    next += 1
                }
                merged.append(id)
            }
            merged.append(contentsOf: pending[next...])
            sorted = merged
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
            var bucket = buckets.removeValue(forKey: epoch) ?? Bucket()
            bucket.settle()
            let root = bucket.root ?? SetRoot.of(ascending: bucket.sorted)
            bucket.root = root
            buckets[epoch] = bucket
            return BucketSummary(epoch: epoch, count: UInt64(bucket.sorted.count), root: root)
        }
    }

    /// At most `limit` ids of an epoch above `after`, ascending, and whether there are more. Zero is before all ids.
    mutating func ids(epoch: UInt64, after: Bytes32, limit: Int) -> (ids: [Bytes32], more: Bool) {
        guard var bucket = buckets.removeValue(forKey: epoch) else { return ([], false) }
        bucket.settle()
        buckets[epoch] = bucket
        var start = bucket.sorted.lowerBound(of: after)
        if start < bucket.sorted.count, bucket.sorted[start] == after { start += 1 }
        let end = min(bucket.sorted.count, start + limit)
        return (Array(bucket.sorted[start..<end]), end < bucket.sorted.count)
    }

    /// Those of `ids` that the epoch's bucket lacks; `ids` ascend.
    mutating func missing(from ids: [Bytes32], epoch: UInt64) -> [Bytes32] {
        guard var bucket = buckets.removeValue(forKey: epoch) else { return ids }
        bucket.settle()
        buckets[epoch] = bucket
        return ids.filter { id in
            let place = bucket.sorted.lowerBound(of: id)
            return place == bucket.sorted.count || bucket.sorted[place] != id
        }
    }
}
