/// The chain of one originator as far as it is held.
///
/// An event is admitted after its predecessor, so a chain without eviction has no hole; the set says so instead of
/// taking it for granted.
struct EventChain: Hashable, Sendable {
    /// The sequences that are held.
    private(set) var held = IntervalSet()

    /// Takes a sequence in; `false` where an event is on it already: its originator signed two.
    @discardableResult
    mutating func add(_ sequence: UInt64) -> Bool { held.insert(sequence) }

    /// The highest sequence below which nothing is missing; 0 where the first is.
    var highestWithoutGap: UInt64 {
        guard let first = held.ranges.first, first.lowerBound <= 1 else { return 0 }
        return first.upperBound
    }

    /// The sequences that are known to be missing.
    var gaps: [ClosedRange<UInt64>] { held.gaps(from: 1) }

    /// The sequence that the originator signs next; `nil` while its own chain has a hole, or is known to go further.
    func next(after proven: UInt64) -> UInt64? {
        guard gaps.isEmpty, highestWithoutGap >= proven else { return nil }
        return highestWithoutGap + 1
    }
}
