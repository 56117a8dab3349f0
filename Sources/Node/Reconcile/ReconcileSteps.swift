/// Which ways of finding differences are tried, in which order, between one comparison and the next.
///
/// Places of chains name every hole and every tail of what the peer holds, at some bytes for each range of them. Sketches
/// name any difference, for some 60 bytes each. Trees find whatever is left, always, for more bytes. Which comes first follows
/// from the counts.
struct ReconcileSteps: Hashable, Sendable {
    enum Step: String, Hashable, Sendable, CaseIterable {
        case places
        case sketch
        case tree
    }

    private static let bytesOfRange: UInt64 = 4
    /// How large the places may be before sketches come first, where the counts suggest a small difference: they may be equal and
    /// much differ all the same.
    private static let bytesOfPlacesFree: UInt64 = 65_536
    private static let bytesOfDifference: UInt64 = 60
    private static let bytesOfSketch: UInt64 = 1_400
    private var left: [Step]

    /// Starts from what a comparison said; only of `allowed` ways.
    init(ours: SetState, theirs: SetState, placeRanges: Int, allowed: Set<Step> = Set(Step.allCases)) {
        let difference = max(ours.count, theirs.count) - min(ours.count, theirs.count)
        let sketch = max(Self.bytesOfSketch, min(difference, 1 << 32) * Self.bytesOfDifference)
        let places = UInt64(placeRanges) * Self.bytesOfRange
        let order: [Step] =
            places <= max(sketch, Self.bytesOfPlacesFree) ? [.places, .sketch, .tree] : [.sketch, .places, .tree]
        left = order.filter(allowed.contains)
    }

    /// The next way; `nil` where none is left.
    mutating func next() -> Step? { left.isEmpty ? nil : left.removeFirst() }
}

/// How many cells a reconciling node asks for next: half as many as it has up to some hundreds, then a quarter.
enum SketchGrowth {
    static let first = 32
    private static let halfBelow = 512

    /// The next portion, given how many cells there are, by how much the counts differ, and how many are kept.
    static func next(have: Int, difference: UInt64, kept: Int = SetSketch.cellsKept) -> Int {
        guard have > 0 else {
            let least = min(Int(clamping: difference), kept)
            return min(first + least * 3 / 2, kept)
        }
        return min(max(first, have < halfBelow ? have / 2 : have / 4), kept - have)
    }
}
