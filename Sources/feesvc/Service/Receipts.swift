import Channels
import Primitives
import Storage

extension FeeService {
    private static let tilesKeptMax = 1_024

    /// Derives receipts for charges from the log, against its newest head, with the salts of their commitments.
    func receipts(for indexes: [UInt64]) async throws -> [(receipt: Receipt, salt: Bytes32)] {
        guard !indexes.isEmpty else { return [] }
        let state = state
        let needed = indexes.reduce(into: Set<LogTile>()) { $0.formUnion(state.tree.tilesNeeded(forPathOf: $1)) }
        let missing = needed.subtracting(tiles.keys)
        let (leaves, loaded) = try await read { transaction in
            let log = LogStore(transaction)
            var loaded: [LogTile: [Bytes32]] = [:]
            for tile in missing { loaded[tile] = try await log.tile(tile) }
            return (try await log.leaves(at: indexes), loaded)
        }
        if tiles.count + loaded.count > Self.tilesKeptMax { tiles = [:] }
        tiles.merge(loaded) { known, _ in known }
        var at = loaded
        for tile in needed where at[tile] == nil { at[tile] = tiles[tile] }
        if at.count < needed.count {
            // Another request emptied the cache meanwhile: ask once more for what is gone.
            at = try await read { transaction in
                var all: [LogTile: [Bytes32]] = [:]
                for tile in needed { all[tile] = try await LogStore(transaction).tile(tile) }
                return all
            }
        }
        let paths = state.tree.paths(of: indexes) { tile in at[tile] ?? [] }
        return try zip(indexes, paths).map { index, path in
            guard let leaf = leaves[index] else { throw Refusal(404, "receipt/unknown", "There is no leaf \(index).") }
            let charge = try Charge(canonicalBytes: leaf.body)
            return (
                Receipt(leaf: leaf, charge: charge, head: state.head, path: path), state.salt(of: index)
            )
        }
    }
}
