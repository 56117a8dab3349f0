import Channels

/// Heads of the log that were seen, ascending by size, so that one which contradicts another is noticed.
///
/// Every receipt brings one, from publishers and from peers, whoever they were shown it: a service that tells some another log
/// than others is found by the first node that sees both.
struct HeadWatch: Sendable {
    private let limit: Int
    private var seen: [SignedHead] = []

    /// Keeps at most `limit` heads.
    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a head in that the log key signed; returns the proof where it contradicts one that was seen.
    ///
    /// Heads that contradict nothing are in the order of their sizes, times and epochs, so the neighbours decide.
    mutating func see(_ signed: SignedHead) -> HeadEvidence? {
        var place = seen.partitioningIndex { $0.head.size >= signed.head.size }
        var isKnown = false
        var found: HeadEvidence?
        for neighbour in max(0, place - 1)..<min(seen.count, place + 2) {
            if seen[neighbour].head == signed.head { isKnown = true }
            found = found ?? HeadEvidence(seen[neighbour], signed)
        }
        if let found { return found }
        guard !isKnown else { return nil }
        if seen.count >= limit {
            // Every second one of the older half goes: what is old is compared with what is near it still.
            let half = seen.count / 2
            seen = seen[..<half].enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element) + seen[half...]
            place = seen.partitioningIndex { $0.head.size >= signed.head.size }
        }
        seen.insert(signed, at: place)
        return nil
    }
}

extension [SignedHead] {
    fileprivate func partitioningIndex(where isLater: (SignedHead) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if isLater(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
