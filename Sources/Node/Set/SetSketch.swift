import Channels
import Primitives

/// The first cells of a set's rateless sketch, kept up to date as ids come and go.
///
/// Two sets' sketches under one key, one taken from the other, are a sketch of their difference: about 1.4 cells for each id
/// that only one of them holds name it (``SketchDecoder``). It only *finds* differences; equality is ``HeldIDs/state``.
struct SetSketch: Sendable {
    /// The cells that a node keeps of all shards together: enough for differences of some 11,000 ids, in 768 KiB.
    static let cellsKept = 16_384
    private static let cellsLeast = 256

    /// The cells that are kept of each shard.
    static func cellsKept(of sharding: Sharding) -> Int { max(cellsKept / sharding.count, cellsLeast) }

    let key: SipHash
    private var cells: ContiguousArray<SketchCell>

    init(key: SipHash, cells: Int = cellsKept) {
        self.key = key
        self.cells = ContiguousArray(repeating: .zero, count: cells)
    }

    var count: Int { cells.count }

    /// Takes an id in that the set did not hold.
    mutating func insert(_ id: Bytes32) { add(id, by: 1) }

    /// Takes an id out that the set held.
    mutating func remove(_ id: Bytes32) { add(id, by: -1) }

    /// Takes an id in, or out.
    mutating func change(_ id: Bytes32, isHeld: Bool) { add(id, by: isHeld ? 1 : -1) }

    /// Some cells, as far as they are kept.
    func cells(from first: Int, count: Int) -> [SketchCell] {
        let start = min(max(first, 0), cells.count)
        return Array(cells[start..<start + min(max(count, 0), cells.count - start)])
    }

    private mutating func add(_ id: Bytes32, by: Int64) {
        let hash = key.hash(id)
        cells.withUnsafeMutableBufferPointer { cells in
            var places = SketchPlaces(hash: hash)
            while places.place < cells.count {
                cells[places.place].add(id, hash: hash, by: by)
                places.advance()
            }
        }
    }
}
