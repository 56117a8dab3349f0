/// A set of numbers as ascending ranges that do not touch: a hole is known exactly, whatever was seen after it.
struct IntervalSet: Hashable, Sendable {
    /// The ranges.
    private(set) var ranges: [ClosedRange<UInt64>] = []

    /// Adds a number; `false` where it was in the set.
    @discardableResult
    mutating func insert(_ value: UInt64) -> Bool {
        let place = firstRange(endingAtOrAfter: value)
        if place < ranges.count, ranges[place].contains(value) { return false }
        let joinsLeft = place > 0 && ranges[place - 1].upperBound == value &- 1 && value > 0
        let joinsRight = place < ranges.count && ranges[place].lowerBound == value &+ 1 && value < UInt64.max
        switch (joinsLeft, joinsRight) {
        case (true, true):
            ranges[place - 1] = ranges[place - 1].lowerBound...ranges[place].upperBound
            ranges.remove(at: place)
        case (true, false): ranges[place - 1] = ranges[place - 1].lowerBound...value
        case (false, true): ranges[place] = value...ranges[place].upperBound
        case (false, false): ranges.insert(value...value, at: place)
        }
        return true
    }

    /// Takes a number out; `false` where it is not in the set.
    @discardableResult
    mutating func remove(_ value: UInt64) -> Bool {
        let place = firstRange(endingAtOrAfter: value)
        guard place < ranges.count, ranges[place].contains(value) else { return false }
        let range = ranges[place]
        switch (value > range.lowerBound, value < range.upperBound) {
        case (false, false): ranges.remove(at: place)
        case (false, true): ranges[place] = value + 1...range.upperBound
        case (true, false): ranges[place] = range.lowerBound...value - 1
        case (true, true):
            ranges[place] = range.lowerBound...value - 1
            ranges.insert(value + 1...range.upperBound, at: place + 1)
        }
        return true
    }

    /// Tells whether a number is in the set.
    func contains(_ value: UInt64) -> Bool {
        let place = firstRange(endingAtOrAfter: value)
        return place < ranges.count && ranges[place].contains(value)
    }

    /// The largest number.
    var highest: UInt64? { ranges.last?.upperBound }

    /// The numbers from `first` to the largest that are missing, as ranges.
    func gaps(from first: UInt64) -> [ClosedRange<UInt64>] {
        var gaps: [ClosedRange<UInt64>] = []
        var next = first
        for range in ranges where range.upperBound >= first {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound &+ 1
        }
        return gaps
    }

    /// The numbers of a range that are missing, as ranges.
    func gaps(in wanted: ClosedRange<UInt64>) -> [ClosedRange<UInt64>] {
        var gaps: [ClosedRange<UInt64>] = []
        var next = wanted.lowerBound
        for range in ranges[firstRange(endingAtOrAfter: wanted.lowerBound)...] {
            guard range.lowerBound <= wanted.upperBound else { break }
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            guard range.upperBound < wanted.upperBound else { return gaps }
            next = range.upperBound + 1
        }
        gaps.append(next...wanted.upperBound)
        return gaps
    }

    private func firstRange(endingAtOrAfter value: UInt64) -> Int {
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
