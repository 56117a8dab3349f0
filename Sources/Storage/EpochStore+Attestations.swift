public import Primitives

/// An operator's signature on an epoch's result, as it is kept.
public struct StoredAttestation: Hashable, Sendable {
    /// Who signed.
    public let operatorAddress: Address
    /// The signature on the result's attestation.
    public let signature: Signature
    /// The index of its leaf.
    public let logIndex: UInt64
}

extension EpochStore {
    /// The epoch that is open; `nil` before the first.
    public func open() async throws -> (number: UInt64, firstIndex: UInt64)? {
        try await transaction.query("SELECT number, first_index FROM epochs ORDER BY number DESC LIMIT 1").first.map {
            (try $0.unsigned("number"), try $0.unsigned("first_index"))
        }
    }

    /// An epoch's attestations in the order of the log.
    public func attestations(of epoch: UInt64) async throws -> [StoredAttestation] {
        try await transaction.query(
            "SELECT operator, signature, log_index FROM attestations WHERE epoch = \(epoch) ORDER BY log_index"
        ).map {
            StoredAttestation(
                operatorAddress: try $0.address("operator"), signature: try $0.signature("signature"),
                logIndex: try $0.unsigned("log_index"))
        }
    }

    /// Sealed epochs that an operator has not signed and whose attestation still counts: the quorum is not reached, or
    /// the result was logged from `firstIndex` on, where the open epoch begins. Ascending; of many the newest.
    public func unsigned(
        by operatorAddress: Address, openFrom firstIndex: UInt64, limit: Int
    ) async throws -> [UInt64] {
        try await transaction.query(
            """
            SELECT number FROM epochs AS e WHERE result IS NOT NULL \
            AND (attested_at IS NULL OR result_index >= \(firstIndex)) AND NOT EXISTS (SELECT 1 FROM attestations AS a \
            WHERE a.epoch = e.number AND a.operator = \(operatorAddress.bytes)) ORDER BY number DESC LIMIT \(limit)
            """
        ).map { try $0.unsigned("number") }.reversed()
    }
}
