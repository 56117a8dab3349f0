import Primitives

/// The growing edge of a topic's Merkle-DAG: the events that no held event links to.
///
/// The store keeps it for whole topics, links to events that come later among it (table `dangling`): the tips follow from the set of
/// events, not from their order.
struct TopicDAG: Hashable, Sendable {
    /// The tips, ascending.
    private(set) var tips: [Bytes32]

    init(tips: some Sequence<Bytes32> = []) {
        self.tips = tips.sorted()
    }

    /// Adds an event whose ancestors are held: it is a tip, what it links to is none any more.
    ///
    /// - Returns: the tips that it covers.
    @discardableResult
    mutating func add(_ id: Bytes32, links: [Bytes32]) -> [Bytes32] {
        let covered = tips.filter { links.contains($0) }
        if !covered.isEmpty { tips.removeAll { covered.contains($0) } }
        let place = tips.firstIndex { id < $0 } ?? tips.count
        tips.insert(id, at: place)
        return covered
    }

    /// What the next event links to: the smallest tips, so that any number of them is merged, three by each event.
    var nextLinks: [Bytes32] { Array(tips.prefix(Event.linksOwn)) }
}

/// The root of a set of ids.
enum SetRoot {
    /// SHA-256 of `tagged "feesvc/set/1": list<b32>`; `ids` ascend.
    static func of(ascending ids: [Bytes32]) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/set/1")
        encoder.append(list: ids) { $0.append($1) }
        return SHA256.hash(encoder.bytes)
    }
}
