import Primitives

/// In which order a healing node asks for events, and when it stops asking.
///
/// Ancestors that events wait for come first, so that what was brought can be admitted and the pool of waiting events
/// stays small. What the pool had no room for is asked for again in the order of its chain, a bounded number of times.
struct FetchPlan {
    private static let triesMax = 4

    private var wanted: [FetchTarget]
    private var again: [(sequence: UInt64, id: Bytes32)] = []
    private var tries: [Bytes32: Int] = [:]
    private var deferred: [FetchTarget] = []
    private(set) var asked: Set<FetchTarget> = []

    init(wanted: [FetchTarget] = []) {
        self.wanted = wanted.reversed()
    }

    /// Adds what is wanted as well.
    mutating func want(_ targets: [FetchTarget]) {
        wanted = targets.reversed() + wanted
    }

    /// What to ask for next: needed ancestors, else what was dropped, else what is wanted.
    mutating func next(needed: [FetchTarget], limit: Int) -> [FetchTarget] {
        var batch = Array(needed.filter { !asked.contains($0) }.prefix(limit))
        if batch.isEmpty {
            while batch.count < limit, let last = again.popLast() {
                if !asked.contains(.id(last.id)) { batch.append(.id(last.id)) }
            }
        }
        if batch.isEmpty {
            while batch.count < limit, let last = wanted.popLast() {
                if !asked.contains(last) { batch.append(last) }
            }
        }
        asked.formUnion(batch)
        return batch
    }

    /// Takes in that others are fetching some: they are looked at again when nothing else is left.
    mutating func leave(_ targets: [FetchTarget]) { deferred += targets }

    /// What others were fetching, to be looked at again.
    mutating func takeDeferred() -> [FetchTarget] {
        defer { deferred = [] }
        asked.subtract(deferred)
        return deferred
    }

    /// Takes in an answer: what did not fit it is asked for again unless nothing came at all.
    mutating func answered(_ batch: [FetchTarget], with received: Set<FetchTarget>) {
        guard batch.contains(where: received.contains) else { return }
        let rest = batch.filter { !received.contains($0) }
        asked.subtract(rest)
        wanted += rest.reversed()
    }

    /// Takes in what found no room.
    mutating func dropped(_ events: [(sequence: UInt64, id: Bytes32)]) {
        for event in events where tries[event.id, default: 1] < Self.triesMax {
            tries[event.id, default: 1] += 1
            asked.remove(.id(event.id))
            again.append(event)
        }
        if !events.isEmpty { again.sort { ($0.sequence, $0.id) > ($1.sequence, $1.id) } }
    }
}
