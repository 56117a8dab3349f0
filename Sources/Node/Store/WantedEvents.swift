/// Ancestors of events that came without them, to be asked for at once: in bounded number, a bounded number of times.
///
/// Nothing waits for them. What is forgotten here is found when sets are compared.
struct WantedEvents: Sendable {
    private static let triesMax = 4

    private let limit: Int
    private var tries: [FetchTarget: Int] = [:]

    init(limit: Int) {
        self.limit = limit
    }

    var count: Int { tries.count }
    var isEmpty: Bool { tries.isEmpty }

    /// Wants one more, where there is room.
    mutating func insert(_ target: FetchTarget) {
        if tries.count < limit, tries[target] == nil { tries[target] = 0 }
    }

    /// It has come.
    mutating func remove(_ target: FetchTarget) { tries[target] = nil }

    /// Some of them to ask a peer for; each is given out a few times, then forgotten.
    mutating func next(limit: Int) -> [FetchTarget] {
        let some = Array(tries.keys.prefix(limit))
        for target in some {
            let times = tries[target, default: 0] + 1
            tries[target] = times < Self.triesMax ? times : nil
        }
        return some
    }
}
