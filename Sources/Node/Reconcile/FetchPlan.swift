import Primitives

/// In which order a healing node asks for events, and when it stops asking.
///
/// Ancestors that events wait for come first, so that what was brought can be admitted and the pool of waiting events
/// stays small. What the pool had no room for is asked for again in the order of its chain, a bounded number of times.
struct FetchPlan {
    private static let triesMax = 4

    private var wanted: [Bytes32]
    private var again: [(sequence: UInt64, id: Bytes32)] = []
    private var tries: [Bytes32: Int] = [:]
    private var deferred: [Bytes32] = []
    private(set) var asked: Set<Bytes32> = []

    init(wanted: [Bytes32] = []) {
        self.wanted = wanted.reversed()
    }

    /// Adds ids of a further page.
    mutating func want(_ ids: [Bytes32]) {
        wanted = ids.reversed() + wanted
    }

    /// The next ids to ask for: needed ancestors, else what was dropped, else what the peer's list named.
    mutating func next(needed: [Bytes32], limit: Int) -> [Bytes32] {
        var batch = Array(needed.filter { !asked.contains($0) }.prefix(limit))
        if batch.isEmpty {
            while batch.count < limit, let last = again.popLast() {
                if !asked.contains(last.id) { batch.append(last.id) }
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

    /// Takes in that others are fetching some ids: they are looked at again when nothing else is left.
    mutating func leave(_ ids: [Bytes32]) { deferred += ids }

    /// What others were fetching, to be looked at again.
    mutating func takeDeferred() -> [Bytes32] {
        defer { deferred = [] }
        asked.subtract(deferred)
        return deferred
    }

    /// Takes in an answer: what did not fit it is asked for again unless nothing came at all.
    mutating func answered(_ batch: [Bytes32], with received: Set<Bytes32>) {
        guard !received.isEmpty else { return }
        let rest = batch.filter { !received.contains($0) }
        asked.subtract(rest)
        wanted += rest.reversed()
    }

    /// Takes in what found no room.
    mutating func dropped(_ events: [(sequence: UInt64, id: Bytes32)]) {
        for event in events where tries[event.id, default: 1] < Self.triesMax {
            tries[event.id, default: 1] += 1
            asked.remove(event.id)
            again.append(event)
        }
        if !events.isEmpty { again.sort { ($0.sequence, $0.id) > ($1.sequence, $1.id) } }
    }
}
