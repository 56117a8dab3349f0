import Primitives

/// Observations that nodes gave and the service could not take.
public struct RefusedObservationStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Remembers one; the first of a node and epoch stays.
    ///
    /// - Parameter isLate: whether it came after the seal; otherwise nobody could read it, or the node had not signed it.
    public func note(_ node: UInt32, epoch: UInt64, isLate: Bool) async throws {
        _ = try await transaction.execute(
            """
            INSERT INTO refused_observations (epoch, node, is_late) VALUES (\(epoch), \(UInt64(node)), \(isLate)) \
            ON CONFLICT (epoch, node) DO NOTHING
            """)
    }

    /// Whose observations of an epoch were refused, and whether they were late.
    public func all(of epoch: UInt64) async throws -> [UInt32: Bool] {
        let rows = try await transaction.query(
            "SELECT node, is_late FROM refused_observations WHERE epoch = \(epoch)")
        return try Dictionary(
            rows.map { (UInt32(clamping: try $0.unsigned("node")), try $0.bool("is_late")) }
        ) { first, _ in first }
    }
}
