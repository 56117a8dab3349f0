import Primitives

/// Neighbouring places in the chain of an originator, in a shard that is known.
struct PlaceRange: Hashable, Sendable {
    let originator: UInt32
    let sequences: ClosedRange<UInt64>

    /// How many places.
    var count: UInt64 { sequences.upperBound - sequences.lowerBound + 1 }
}

/// The places of a shard that a node holds events on, of every originator that it holds one of: what is missing is known exactly, whoever
/// has it.
struct HeldPlaces: Hashable, Sendable {
    private(set) var chains: [UInt32: EventChain] = [:]

    init(chains: [UInt32: EventChain] = [:]) {
        self.chains = chains
    }

    /// In how many ranges they lie.
    var rangeCount: Int { chains.values.reduce(0) { $0 + $1.held.ranges.count } }

    /// Takes a place in; `false` where an event is on it already.
    @discardableResult
    mutating func insert(_ place: EventPlace) -> Bool {
        chains[place.originator, default: EventChain()].add(place.sequence)
    }

    /// Takes a place out on which no event is held any more.
    mutating func remove(_ place: EventPlace) {
        chains[place.originator]?.remove(place.sequence)
        if chains[place.originator]?.held.ranges.isEmpty ?? false { chains[place.originator] = nil }
    }

    /// Whether an event is on a place.
    func contains(_ place: EventPlace) -> Bool { chains[place.originator]?.held.contains(place.sequence) ?? false }

    /// The places of `other` that are not held here, ascending, at most `limit` of them.
    func lacking(from other: [PlaceRange], limit: UInt64) -> [PlaceRange] {
        var lacking: [PlaceRange] = []
        var room = limit
        for range in other {
            let own = chains[range.originator]?.held ?? IntervalSet()
            for gap in own.gaps(in: range.sequences) {
                guard room > 0 else { return lacking }
                let end = min(gap.upperBound, gap.lowerBound + (room - 1))
                lacking.append(PlaceRange(originator: range.originator, sequences: gap.lowerBound...end))
                room -= end - gap.lowerBound + 1
            }
        }
        return lacking
    }

    /// The held places, ascending by originator and sequence, at most `limit` ranges.
    func ranges(limit: Int) -> [PlaceRange] {
        var ranges: [PlaceRange] = []
        for originator in chains.keys.sorted() {
            for range in chains[originator]?.held.ranges ?? [] {
                guard ranges.count < limit else { return ranges }
                ranges.append(PlaceRange(originator: originator, sequences: range))
            }
        }
        return ranges
    }
}
