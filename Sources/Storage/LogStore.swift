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
        return LogState(
            genesis: genesis, saltSecret: try row.hash("salt_secret"), tree: tree, time: try row.unsigned("log_time"),
            openEpoch: try row.unsigned("open_epoch"), chargeCount: try row.unsigned("charge_count"),
            anchor: .init(number: try row.unsigned("entry_number"), hash: try row.hash("entry_hash")),
            lastMidnight: UTCDay(number: UInt32(clamping: try row.unsigned("last_midnight"))),
            actNonce: try row.unsigned("act_nonce"), head: head)
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
        try await transaction.query(
            """
            SELECT index, time, kind, body FROM log_leaves \
            WHERE index >= \(range.lowerBound) AND index < \(range.upperBound) ORDER BY index
            """
        ).map { try $0.leaf() }
    }

    /// Leaves by index in bounded batches.
    public func forEachLeaf(_ range: Range<UInt64>, _ body: (LogLeaf) throws -> Void) async throws {
        try await transaction.forEachRow(
            """
            SELECT index, time, kind, body FROM log_leaves \
            WHERE index >= \(range.lowerBound) AND index < \(range.upperBound) ORDER BY index
            """
        ) { try body(try $0.leaf()) }
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
        let rows = try await transaction.query(
            "SELECT index, time, kind, body FROM log_leaves WHERE index = ANY(\(indexes))")
        return Dictionary(try rows.map { row in (try row.unsigned("index"), try row.leaf()) }) { first, _ in first }
    }

}

extension LogStore {
    /// Leaves of one kind before an index, in order.
    public func leaves(of kind: LeafKind, before index: UInt64) async throws -> [LogLeaf] {
        try await transaction.query(
            """
            SELECT index, time, kind, body FROM log_leaves \
            WHERE kind = \(UInt64(kind.rawValue)) AND index < \(index) ORDER BY index
            """
        ).map { try $0.leaf() }
    }
}
