/// The chain of one originator as far as it is held.
///
/// An event is admitted whether its predecessor is held or not, so that nobody's loss blocks what came after it; a hole is
/// known exactly and filled from whoever has it.
struct EventChain: Hashable, Sendable {
    /// The sequences that are held.
    private(set) var held = IntervalSet()

    /// Takes a sequence in; `false` where an event is on it already: its originator signed two.
    @discardableResult
    mutating func add(_ sequence: UInt64) -> Bool { held.insert(sequence) }

    /// Takes a sequence out.
    mutating func remove(_ sequence: UInt64) { held.remove(sequence) }

    /// The highest sequence; 0 where there is none.
    var highest: UInt64 { held.highest ?? 0 }

    /// How many sequences between the lowest held and the highest are missing.
    var missing: UInt64 {
        guard let first = held.ranges.first?.lowerBound else { return 0 }
        return held.gaps(from: first).reduce(0) { $0 + ($1.upperBound - $1.lowerBound + 1) }
    }
}
