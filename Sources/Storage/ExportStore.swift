public import Channels
public import Primitives

/// Reads what an epoch's export is made of beside its leaves, in parts that fit into memory however many charges there
/// are.
public struct ExportStore: Sendable {
    /// Who paid for a charge.
    public struct Payment: Hashable, Sendable {
        /// The channel.
        public let channel: Bytes32
        /// What opens the charge's commitment where it was restored; else it follows from the leaf's index.
        public let restoredSalt: Bytes32?
    }

    /// A voucher as it is kept.
    public struct VoucherBytes: Hashable, Sendable {
        /// The first charge that it pays for.
        public let firstCharge: UInt64
        /// Its canonical bytes, docs/protocol.md §3.
        public let bytes: [UInt8]
    }

    /// A change of a channel's signers, with the leaf that logs it.
    public struct SignerStatement: Hashable, Sendable {
        /// The index of its leaf.
        public let logIndex: UInt64
        /// The channel.
        public let channel: Bytes32
        /// The statement's type.
        public let typeHash: Bytes32
        /// Its members as ABI words.
        public let words: [Bytes32]
        /// The payer's signature.
        public let signature: Signature
    }

    private let transaction: Transaction

    /// Reads within a transaction, a snapshot for a whole export.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Leaves of some kinds by index; charges are too many to be asked for so.
    public func leaves(of kinds: some Sequence<LeafKind>, in range: Range<UInt64>) async throws -> [LogLeaf] {
        try await transaction.query(
            """
            SELECT first_index, time, kind, bodies FROM log_blocks \
            WHERE kind = ANY(\(kinds.map { UInt64($0.rawValue) })) AND kind <> 4 \
            AND first_index + count > \(range.lowerBound) AND first_index < \(range.upperBound) ORDER BY first_index
            """
        ).flatMap { try $0.leaves() }.filter { range.contains($0.index) }
    }

    /// Who paid for charges, by number.
    public func payments(of charges: [UInt64]) async throws -> [UInt64: Payment] {
        guard !charges.isEmpty else { return [:] }
        let rows = try await transaction.query(
            """
            SELECT c.number, ch.channel_id, r.salt FROM charges AS c JOIN channels AS ch ON ch.number = c.channel \
            LEFT JOIN restored_charges AS r ON r.charge = c.number WHERE c.number = ANY(\(charges))
            """)
        var payments: [UInt64: Payment] = [:]
        payments.reserveCapacity(rows.count)
        for row in rows {
            payments[try row.unsigned("number")] = Payment(
                channel: try row.hash("channel_id"), restoredSalt: try row.optionalBytes("salt").flatMap(Bytes32.init))
        }
        return payments
    }

    /// The vouchers whose first charge has one of some numbers, by it.
    public func vouchers(firstIn numbers: ClosedRange<UInt64>) async throws -> [VoucherBytes] {
        try await transaction.query(
            """
            SELECT vouchers FROM voucher_blocks WHERE first_charge <= \(numbers.upperBound) AND first_charge >= \
            coalesce((SELECT max(first_charge) FROM voucher_blocks WHERE first_charge <= \(numbers.lowerBound)), 0) \
            ORDER BY first_charge
            """
        ).flatMap { row in try VoucherStore.split(try row.bytes("vouchers")) }
            .filter { numbers.contains($0.firstCharge) }
    }

    /// The openings of the channels that paid for charges of some numbers, by id.
    public func forEachPayer(
        of charges: Range<UInt64>, _ body: (_ channel: Bytes32, _ opening: OpenChannel) throws -> Void
    ) async throws {
        try await transaction.forEachRow(
            """
            SELECT channel_id, payer, signer, opening FROM channels WHERE number IN (SELECT channel FROM charges \
            WHERE number >= \(charges.lowerBound) AND number < \(charges.upperBound)) ORDER BY channel_id
            """
        ) { row in
            try body(
                try row.hash("channel_id"),
                OpenChannel(
                    payer: try row.address("payer"), signer: try row.address("signer"),
                    opening: try row.hash("opening")))
        }
    }

    /// How the payers of charges of some numbers changed their channels' signers before the leaf at `index`, by leaf.
    public func forEachSignerStatement(
        by charges: Range<UInt64>, before index: UInt64, _ body: (SignerStatement) throws -> Void
    ) async throws {
        try await transaction.forEachRow(
            """
            SELECT s.log_index, ch.channel_id, s.type_hash, s.words, s.signature FROM channel_statements AS s \
            JOIN channels AS ch ON ch.number = s.channel WHERE s.log_index < \(index) AND s.type_hash = \
            ANY(\([Delegation.typeHash.bytes, Revocation.typeHash.bytes])) AND s.channel IN (SELECT channel \
            FROM charges WHERE number >= \(charges.lowerBound) AND number < \(charges.upperBound)) \
            ORDER BY s.log_index
            """
        ) { row in
            let words = try row.bytes("words")
            try body(
                SignerStatement(
                    logIndex: try row.unsigned("log_index"), channel: try row.hash("channel_id"),
                    typeHash: try row.hash("type_hash"),
                    words: stride(from: 0, to: words.count, by: 32).compactMap { Bytes32(words[$0..<$0 + 32]) },
                    signature: try row.signature("signature")))
        }
    }
}

extension VoucherStore {
    /// The vouchers of a block without reading what is in them.
    static func split(_ bytes: [UInt8]) throws(CanonicalError) -> [ExportStore.VoucherBytes] {
        var decoder = CanonicalDecoder(untagged: bytes)
        let vouchers = try decoder.readList(limit: countMax) { decoder throws(CanonicalError) in
            ExportStore.VoucherBytes(
                firstCharge: try decoder.readUInt64(),
                bytes: try decoder.readBytes(limit: SignedVoucher.bytesMax))
        }
        try decoder.finish()
        return vouchers
    }
}
