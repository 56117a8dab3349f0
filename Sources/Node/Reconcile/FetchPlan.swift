import Primitives

/// In which order a healing node asks for events, and when it stops asking.
struct FetchPlan {
    private var wanted: [FetchTarget]
    private var deferred: [FetchTarget] = []
    private var asked: Set<FetchTarget> = []

    init(wanted: [FetchTarget] = []) {
        self.wanted = wanted.reversed()
    }

    /// Adds what is wanted as well, before the rest.
    mutating func want(_ targets: [FetchTarget]) { wanted += targets.reversed() }

    /// What to ask for next.
    mutating func next(limit: Int) -> [FetchTarget] {
        var batch: [FetchTarget] = []
        while batch.count < limit, let last = wanted.popLast() {
            if asked.insert(last).inserted { batch.append(last) }
        }
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

    /// Gives up what is still wanted.
    mutating func end() { wanted = [] }

    /// Takes in an answer: what did not fit it is asked for again unless nothing came at all.
    mutating func answered(_ batch: [FetchTarget], with received: Set<FetchTarget>) {
        guard batch.contains(where: received.contains) else { return }
        let rest = batch.filter { !received.contains($0) }
        asked.subtract(rest)
        wanted += rest.reversed()
    }
}
