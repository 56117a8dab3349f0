import Channels
import Primitives
import Storage
import Synchronization

/// A receipt with what opens its commitment.
struct OpenedReceipt: Sendable {
    let receipt: Receipt
    let salt: Bytes32
}

/// Derives receipts and consistency proofs from the log, against its newest head. The newest leaves and tiles are at
/// hand; others are read.
final class ReceiptDesk: Sendable {
    private static let tilesKeptMax = 1_024
    private static let leavesKeptMax = 16_384

    private struct State {
        var log: LogState
        var tiles: [LogTile: [Bytes32]] = [:]
        /// The newest leaves, by index.
        var leaves: [UInt64: LogLeaf] = [:]
    }

    /// What was read from the database.
    private struct Found {
        let leaves: [UInt64: LogLeaf]
        let tiles: [LogTile: [Bytes32]]
        /// What opens the commitments of restored charges among the leaves, by charge number.
        let restoredSalts: [UInt64: Bytes32]
    }

    private let pool: PostgresPool
    private let state: Mutex<State>

    init(pool: PostgresPool, state: LogState) {
        self.pool = pool
        self.state = Mutex(State(log: state))
    }

    /// Takes in what was committed.
    func publish(_ session: LogSession) {
        let after = session.state
        state.withLock { state in
            state.log = after
            for (tile, hashes) in session.completed { state.tiles[tile] = hashes }
            if state.tiles.count > Self.tilesKeptMax { state.tiles = [:] }
            let charges = session.appended.filter { $0.kind == .charge }
            if state.leaves.count + charges.count > Self.leavesKeptMax { state.leaves = [:] }
            for leaf in charges.suffix(Self.leavesKeptMax) { state.leaves[leaf.index] = leaf }
        }
    }

    /// Goes on from what the database says.
    func reset(_ log: LogState) {
        state.withLock { $0 = State(log: log) }
    }

    /// Receipts for charges, in the order of `indexes`, all against one head, which covers them all: an index from the
    /// database may be ahead of what was published here.
    func receipts(for indexes: [UInt64]) async throws -> (head: SignedHead, receipts: [OpenedReceipt]) {
        let size = state.withLock { $0.log.tree.size }
        guard indexes.allSatisfy({ $0 < size }) else {
            throw Refusal(503, "service/failed", "A charge is not under a head that is shown yet. Try again.")
        }
        var (log, leaves, tiles, missingLeaves, missingTiles) = state.withLock { state in
            let needed = indexes.reduce(into: Set<LogTile>()) {
                $0.formUnion(state.log.tree.tilesNeeded(forPathOf: $1))
            }
            var leaves: [UInt64: LogLeaf] = [:]
            for index in indexes { leaves[index] = state.leaves[index] }
            var tiles: [LogTile: [Bytes32]] = [:]
            for tile in needed { tiles[tile] = state.tiles[tile] }
            return (
                state.log, leaves, tiles, indexes.filter { leaves[$0] == nil }, needed.filter { tiles[$0] == nil }
            )
        }
        var salts: [UInt64: Bytes32] = [:]
        if !missingLeaves.isEmpty || !missingTiles.isEmpty {
            let found = try await read(missingLeaves, missingTiles)
            leaves.merge(found.leaves) { known, _ in known }
            tiles.merge(found.tiles) { known, _ in known }
            salts = found.restoredSalts
        }
        return (log.head, try Self.derive(indexes, log, leaves, tiles, restoredSalts: salts))
    }

    /// Leaves with their paths to the newest head.
    func proofs(of indexes: [UInt64]) async throws -> (head: SignedHead, leaves: [(leaf: LogLeaf, path: [Bytes32])]) {
        let (log, known) = state.withLock { ($0.log, $0.tiles) }
        let needed = indexes.reduce(into: Set<LogTile>()) { $0.formUnion(log.tree.tilesNeeded(forPathOf: $1)) }
        var tiles = known.filter { needed.contains($0.key) }
        let found = try await read(indexes, needed.subtracting(tiles.keys))
        tiles.merge(found.tiles) { known, _ in known }
        let paths = log.tree.paths(of: indexes) { tile in tiles[tile] ?? [] }
        return (
            log.head,
            try zip(indexes, paths).map { index, path in
                guard let leaf = found.leaves[index] else { throw StorageCorruption("leaf \(index) is missing") }
                return (leaf, path)
            }
        )
    }

    /// The log as the newest head has it.
    var log: LogState { state.withLock { $0.log } }

    /// The proof that the log of an earlier size became the one of the newest head by appending alone.
    func consistency(from size: UInt64) async throws -> (head: SignedHead, proof: [Bytes32]) {
        let (log, known) = state.withLock { ($0.log, $0.tiles) }
        guard size <= log.tree.size else {
            throw Refusal(409, "log/size", "The log has \(log.tree.size) leaves, not \(size) yet.")
        }
        let needed = log.tree.tilesNeeded(forConsistencyFrom: size)
        var tiles = known.filter { needed.contains($0.key) }
        let missing = needed.subtracting(tiles.keys)
        if !missing.isEmpty { tiles.merge(try await read([], missing).tiles) { known, _ in known } }
        return (log.head, log.tree.consistency(from: size) { tile in tiles[tile] ?? [] })
    }

    private func read(
        _ indexes: [UInt64], _ tiles: Set<LogTile>
    ) async throws -> Found {
        let found = try await pool.withTransaction(isolation: .repeatableRead) { transaction in
            let store = LogStore(transaction)
            var loaded: [LogTile: [Bytes32]] = [:]
            for tile in tiles { loaded[tile] = try await store.tile(tile) }
            let leaves = try await store.leaves(at: indexes)
            let restored = leaves.values.filter { $0.kind == .restored }
            let salts = try await ChargeStore(transaction).restoredSalts(
                of: try restored.compactMap { try $0.charge()?.number })
            return Found(leaves: leaves, tiles: loaded, restoredSalts: salts)
        }
        state.withLock { state in
            if state.tiles.count + found.tiles.count > Self.tilesKeptMax { state.tiles = [:] }
            state.tiles.merge(found.tiles) { known, _ in known }
        }
        return found
    }

    private static func derive(
        _ indexes: [UInt64], _ log: LogState, _ leaves: [UInt64: LogLeaf], _ tiles: [LogTile: [Bytes32]],
        restoredSalts: [UInt64: Bytes32]
    ) throws -> [OpenedReceipt] {
        let paths = log.tree.paths(of: indexes) { tile in tiles[tile] ?? [] }
        return try zip(indexes, paths).map { index, path in
            guard let leaf = leaves[index] else { throw Refusal(404, "receipt/unknown", "There is no leaf \(index).") }
            guard let charge = try leaf.charge() else {
                throw Refusal(404, "receipt/unknown", "Leaf \(index) records no charge.")
            }
            return OpenedReceipt(
                receipt: Receipt(leaf: leaf, charge: charge, head: log.head, path: path),
                salt: restoredSalts[charge.number] ?? log.salt(of: index))
        }
    }
}
