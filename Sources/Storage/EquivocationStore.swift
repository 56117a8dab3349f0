import Primitives
public import Rewards

/// A proof of equivocation as it is kept.
public struct StoredEquivocation: Hashable, Sendable {
    /// The index of its leaf.
    public let logIndex: UInt64
    /// The operator's node.
    public let node: UInt32
    /// The proof.
    public let evidence: Equivocation
}

/// Proofs that operators signed two results of one epoch.
public struct EquivocationStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Every proof whose leaf lies in a log range, in order.
    public func all(in range: Range<UInt64> = 0..<UInt64(Int64.max)) async throws -> [StoredEquivocation] {
        try await transaction.query(
            """
            SELECT log_index, node, evidence FROM equivocations \
            WHERE log_index >= \(range.lowerBound) AND log_index < \(range.upperBound) ORDER BY log_index
            """
        ).map { row in
            StoredEquivocation(
                logIndex: try row.unsigned("log_index"), node: UInt32(clamping: try row.unsigned("node")),
                evidence: try Equivocation(canonicalBytes: try row.bytes("evidence")))
        }
    }

    /// Tells whether a node's equivocation in an epoch is proved already.
    public func isProved(of node: UInt32, epoch: UInt64) async throws -> Bool {
        try await !transaction.query(
            "SELECT 1 FROM equivocations WHERE epoch = \(epoch) AND node = \(UInt64(node))"
        ).isEmpty
    }

    /// Keeps a proof with the leaf that logs it.
    public func keep(_ evidence: Equivocation, of node: UInt32, logIndex: UInt64) async throws {
        _ = try await transaction.execute(
            """
            INSERT INTO equivocations (log_index, epoch, node, evidence) VALUES (\(logIndex), \(evidence.epoch), \
            \(UInt64(node)), \(evidence.canonicalBytes))
            """)
    }
}
