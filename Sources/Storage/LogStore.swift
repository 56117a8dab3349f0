public import Channels
import Ledger
public import Primitives

/// Reads the fee log.
public struct LogStore: Sendable {
    private let transaction: Transaction

    /// Reads within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Where log and journal end, or `nil` in a database without instance.
    public func state() async throws -> LogState? {
        guard let row = try await transaction.query("SELECT * FROM instance").first else { return nil }
        let genesis = try Genesis(canonicalBytes: try row.bytes("genesis"))
        let size = try row.unsigned("log_size")
        guard let tree = LogTree(size: size, edges: try await edges(size: size)) else {
            throw StorageCorruption("the log has fewer leaves than its size says")
        }
        let head = SignedHead(
            head: try LogHead(canonicalBytes: try row.bytes("head")), signature: try row.signature("head_signature"))
        guard head.head.size == size, head.head.root == tree.root else {
            throw StorageCorruption("the log's leaves do not hash to its signed head")
        }
        let acts = try await acts(before: size)
        let time = try row.unsigned("log_time")
        let charges = try row.unsigned("charge_count")
        return LogState(
            genesis: genesis, saltSecret: try row.hash("salt_secret"), fence: try row.unsigned("fence"), tree: tree,
            time: time, openEpoch: try row.unsigned("open_epoch"), chargeCount: charges,
            anchor: .init(number: try row.unsigned("entry_number"), hash: try row.hash("entry_hash")),
            lastMidnight: UTCDay(number: UInt32(clamping: try row.unsigned("last_midnight"))),
            actNonce: try row.unsigned("act_nonce"),
            schedules: try await ScheduleStore(transaction).all().map(\.schedule),
            keys: try KeyHistory(genesis).following(acts), isPaused: acts.isPaused,
            chargeRate: try await ChargeStore(transaction).rate(
                at: time, through: charges, after: acts.rollbacks.last?.rollback.lastCharge ?? 0), head: head)
    }

    /// Where log and journal end once nobody else writes, for the writer that holds the token `fence`.
    ///
    /// A commit whose connection was lost may still be under way: what is read beside it is out of date when it is done.
    /// Throws ``Fenced`` where another writer has taken over.
    public func stateAfterWriters(under fence: UInt64) async throws -> LogState {
        let rows = try await transaction.query("SELECT fence FROM instance FOR UPDATE")
        guard let found = try rows.first?.unsigned("fence"), let state = try await state() else {
            throw StorageCorruption("the instance is gone from its database")
        }
        guard found == fence else { throw Fenced(held: fence, found: found) }
        return state
    }

    /// The hashes of the incomplete tiles at the right edge of a log of `size` leaves.
    private func edges(size: UInt64) async throws -> [[Bytes32]] {
        var edges: [[Bytes32]] = []
        let first = size & ~255
        let leaves = try await leaves(first..<size)
        edges.append(leaves.map(\.hash))
        var level = 1
        while size >> UInt64(8 * level) > 0 {
            let count = size >> UInt64(8 * level)
            var hashes: [Bytes32] = []
            for number in (count & ~255)..<count {
                hashes.append(LogTree.combine(try await tile(LogTile(level: level - 1, number: number))[...]))
            }
            edges.append(hashes)
            level += 1
        }
        return edges
    }

    /// Leaves by index.
    public func leaves(_ range: Range<UInt64>) async throws -> [LogLeaf] {
        try await transaction.query(Self.blocks(holding: range)).flatMap { try $0.leaves() }
            .filter { range.contains($0.index) }
    }

    /// Leaves by index in bounded batches.
    public func forEachLeaf(_ range: Range<UInt64>, _ body: (LogLeaf) throws -> Void) async throws {
        try await transaction.forEachRow(Self.blocks(holding: range)) { row in
            for leaf in try row.leaves() where range.contains(leaf.index) { try body(leaf) }
        }
    }

    /// The blocks that hold a range: the one that begins at or before it, and those that begin in it.
    private static func blocks(holding range: Range<UInt64>) -> SQL {
        """
        SELECT first_index, time, kind, bodies FROM log_blocks WHERE first_index < \(range.upperBound) \
        AND first_index >= coalesce((SELECT max(first_index) FROM log_blocks \
        WHERE first_index <= \(range.lowerBound)), 0) ORDER BY first_index
        """
    }

    /// A complete tile.
    public func tile(_ tile: LogTile) async throws -> [Bytes32] {
        let rows = try await transaction.query(
            "SELECT hashes FROM log_tiles WHERE level = \(tile.level) AND number = \(tile.number)")
        guard let bytes = try rows.first?.bytes("hashes"), bytes.count == 32 * LogTile.width else {
            throw StorageCorruption("tile \(tile.level)/\(tile.number) of the log is missing")
        }
        return stride(from: 0, to: bytes.count, by: 32).compactMap { Bytes32(bytes[$0..<$0 + 32]) }
    }

    /// The inclusion paths of some leaves against the log when it had `size` leaves, more than each index.
    public func paths(of indexes: [UInt64], at size: UInt64) async throws -> [[Bytes32]] {
        guard let tree = LogTree(size: size, edges: try await edges(size: size)) else {
            throw StorageCorruption("the log never had \(size) leaves")
        }
        var tiles: [LogTile: [Bytes32]] = [:]
        for index in indexes {
            for tile in tree.tilesNeeded(forPathOf: index) where tiles[tile] == nil {
                tiles[tile] = try await self.tile(tile)
            }
        }
        return tree.paths(of: indexes) { tile in tiles[tile] ?? [] }
    }

    /// The compact range of the log when it had `size` leaves, for a reader who goes on from there.
    public func frontier(at size: UInt64) async throws -> MerkleFrontier {
        guard let tree = LogTree(size: size, edges: try await edges(size: size)) else {
            throw StorageCorruption("the log never had \(size) leaves")
        }
        return tree.frontier
    }
}

extension LogStore {
    /// Single leaves by index.
    public func leaves(at indexes: [UInt64]) async throws -> [UInt64: LogLeaf] {
        let wanted = Set(indexes)
        let rows = try await transaction.query(
            """
            SELECT first_index, time, kind, bodies FROM log_blocks WHERE first_index IN ( \
            SELECT (SELECT max(first_index) FROM log_blocks WHERE first_index <= i) FROM unnest(\(indexes)) AS i)
            """)
        var found: [UInt64: LogLeaf] = [:]
        for row in rows {
            for leaf in try row.leaves() where wanted.contains(leaf.index) { found[leaf.index] = leaf }
        }
        return found
    }

    /// Leaves of one kind before an index, in order; charges are too many to be asked for so.
    public func leaves(of kind: LeafKind, before index: UInt64) async throws -> [LogLeaf] {
        precondition(kind != .charge, "charges are not indexed by kind")
        return try await transaction.query(
            """
            SELECT first_index, time, kind, bodies FROM log_blocks \
            WHERE kind = \(UInt64(kind.rawValue)) AND kind <> 4 AND first_index < \(index) ORDER BY first_index
            """
        ).flatMap { try $0.leaves() }.filter { $0.index < index }
    }

    /// The administrative acts before an index, in order.
    public func acts(before index: UInt64) async throws -> [LoggedAct] {
        try await leaves(of: .act, before: index).map { try LoggedAct(index: $0.index, body: $0.body) }
    }

    /// The newest leaf of one kind before an index.
    public func lastLeaf(of kind: LeafKind, before index: UInt64) async throws -> LogLeaf? {
        precondition(kind != .charge, "charges are not indexed by kind")
        return try await transaction.query(
            """
            SELECT first_index, time, kind, bodies FROM log_blocks \
            WHERE kind = \(UInt64(kind.rawValue)) AND kind <> 4 AND first_index < \(index) \
            ORDER BY first_index DESC LIMIT 1
            """
        ).first?.leaves().last { $0.index < index }
    }
}
