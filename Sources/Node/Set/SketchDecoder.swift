import Primitives

/// Names what only one of two sets holds, from as many cells of their sketches as that takes.
///
/// Cells come in portions, from the first on; each portion carries on where the last one ended. The work is bounded by the
/// number of cells, whatever a peer sends: an id is named once, and at most as many as there are cells.
struct SketchDecoder {
    /// Where the decoding stands.
    enum Outcome: Hashable, Sendable {
        /// More cells are needed.
        case unfinished
        /// Every difference is named.
        case decoded
        /// No honest pair of sketches looks like this.
        case impossible
    }

    private struct Named {
        let id: Bytes32
        let hash: UInt64
        let by: Int64
        var places: SketchPlaces
    }

    private let key: SipHash
    private var cells: ContiguousArray<SketchCell> = []
    private var named: [Named] = []
    private var known: Set<Bytes32> = []
    private(set) var outcome = Outcome.unfinished

    init(key: SipHash) {
        self.key = key
    }

    /// How many cells it has.
    var count: Int { cells.count }
    /// What only the other set holds.
    var theirs: [Bytes32] { named.filter { $0.by < 0 }.map(\.id) }
    /// What only the own set holds.
    var ours: [Bytes32] { named.filter { $0.by > 0 }.map(\.id) }

    /// Takes the next cells of both sketches in, the same number of each.
    mutating func append(theirs: [SketchCell], ours: [SketchCell]) {
        precondition(theirs.count == ours.count, "both sketches give the same number of cells")
        guard outcome == .unfinished, !theirs.isEmpty else { return }
        let first = cells.count
        for (their, our) in zip(theirs, ours) { cells.append(their.subtracting(our)) }
        for place in named.indices { carryOn(place) }
        peel(Array(first..<cells.count))
        guard outcome == .unfinished else { return }
        // Every id is part of the first cell, so it empties last.
        if cells[0].isEmpty { outcome = cells.allSatisfy(\.isEmpty) ? .decoded : .impossible }
    }

    /// Takes a named id out of the cells that came since it was named.
    private mutating func carryOn(_ place: Int) {
        var item = named[place]
        while item.places.place < cells.count {
            cells[item.places.place].add(item.id, hash: item.hash, by: item.by)
            item.places.advance()
        }
        named[place] = item
    }

    private mutating func peel(_ candidates: [Int]) {
        var queue = candidates
        while let candidate = queue.popLast() {
            let cell = cells[candidate]
            guard cell.count == 1 || cell.count == -1 else { continue }
            let id = cell.ids
            guard key.hash(id) == cell.hashes else { continue }
            guard known.insert(id).inserted, named.count < cells.count else {
                outcome = .impossible
                return
            }
            var item = Named(id: id, hash: cell.hashes, by: -cell.count, places: SketchPlaces(hash: cell.hashes))
            while item.places.place < cells.count {
                cells[item.places.place].add(id, hash: item.hash, by: item.by)
                queue.append(item.places.place)
                item.places.advance()
            }
            named.append(item)
        }
    }
}
