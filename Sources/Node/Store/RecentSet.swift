/// A bounded memory of keys: two generations, the older of which is forgotten when the newer is full.
///
/// It remembers at least the last `limit / 2` keys and never more than `limit`; all steps take constant time.
struct RecentSet<Key: Hashable & Sendable>: Sendable {
    private let generationMax: Int
    private var newer: Set<Key> = []
    private var older: Set<Key> = []

    init(limit: Int) {
        generationMax = max(1, limit / 2)
    }

    /// Remembers a key.
    mutating func insert(_ key: Key) {
        if newer.count >= generationMax {
            older = newer
            newer = []
        }
        newer.insert(key)
    }

    /// Tells whether a key is remembered, and keeps it longer if so.
    mutating func contains(_ key: Key) -> Bool {
        if newer.contains(key) { return true }
        guard older.remove(key) != nil else { return false }
        insert(key)
        return true
    }
}
