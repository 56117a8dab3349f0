public import Channels
public import Primitives
public import Rewards

/// An epoch as it is kept.
public struct StoredEpoch: Hashable, Sendable {
    /// The epoch's number.
    public let number: UInt64
    /// Its first log index.
    public let firstIndex: UInt64
    /// The index after its edge leaf; `nil` while it is open.
    public let endIndex: UInt64?
    /// The head at the edge.
    public let edgeHead: SignedHead?
    /// The number of its first charge, if it has any.
    public let firstCharge: UInt64
    /// The number after its last charge.
    public let endCharge: UInt64?
    /// The number of its first ledger entry.
    public let firstEntry: UInt64
    /// The number after its last ledger entry.
    public let endEntry: UInt64?
    /// What was charged, postage included.
    public let charged: Amount
    /// What went back.
    public let refunded: Amount
    /// What was captured: into its pool, and for the protocol.
    public let captured: CapturedParts
    /// What the epoch before carried into its pool.
    public let dustIn: Amount
    /// What was given to its pool.
    public let granted: Amount
    /// What of its pool went back right before its edge.
    public let repaid: Amount
    /// What was held at the edge.
    public let held: Amount?
    /// Postage that was held at the edge.
    public let postageHeld: Amount?
    /// The result, once sealed.
    public let result: EpochResult?
    /// The index of the result's leaf.
    public let resultIndex: UInt64?
    /// When the quorum had signed.
    public let attestedAt: UInt64?
    /// The index of the leaf that ended its base holds.
    public let cutIndex: UInt64?
}

/// What was captured, by part: all but congestion into an epoch's pool.
public struct CapturedParts: Hashable, Sendable {
    /// Base fees.
    public var base: Amount
    /// Storage fees.
    public var storage: Amount
    /// Postage.
    public var postage: Amount
    /// Congestion fees, for the protocol.
    public var congestion: Amount

    /// Makes parts.
    public init(
        base: Amount = .zero, storage: Amount = .zero, postage: Amount = .zero, congestion: Amount = .zero
    ) {
        self.base = base
        self.storage = storage
        self.postage = postage
        self.congestion = congestion
    }
}

/// Epochs, and what nodes and operators sign about them.
public struct EpochStore: Sendable {
    /// What a node signs for an epoch.
    public enum Statement: String, Sendable {
        /// What it measured of the others.
        case observations
        /// Which charges it holds.
        case deliveries
    }

    let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// One epoch; `nil` where there is none of this number, which may come from outside.
    public func epoch(_ number: UInt64) async throws -> StoredEpoch? {
        guard number <= Int64.max else { return nil }
        return try await transaction.query("SELECT * FROM epochs WHERE number = \(number)").first.map(Self.read)
    }

    /// The newest epoch that is sealed, with all before it; `nil` before the first.
    public func lastSealed() async throws -> UInt64? {
        try await transaction.query("SELECT number FROM epochs WHERE result IS NOT NULL ORDER BY number DESC LIMIT 1")
            .first.map { try $0.unsigned("number") }
    }

    /// Every epoch in order.
    public func all() async throws -> [StoredEpoch] {
        try await transaction.query("SELECT * FROM epochs ORDER BY number").map(Self.read)
    }

    private static func read(_ row: Row) throws -> StoredEpoch {
        var head: SignedHead?
        if let bytes = try row.optionalBytes("edge_head") {
            head = SignedHead(head: try LogHead(canonicalBytes: bytes), signature: try row.signature("edge_signature"))
        }
        return StoredEpoch(
            number: try row.unsigned("number"), firstIndex: try row.unsigned("first_index"),
            endIndex: try row.optionalUnsigned("end_index"), edgeHead: head,
            firstCharge: try row.unsigned("first_charge"), endCharge: try row.optionalUnsigned("end_charge"),
            firstEntry: try row.unsigned("first_entry"), endEntry: try row.optionalUnsigned("end_entry"),
            charged: try row.amount("charged"), refunded: try row.amount("refunded"),
            captured: CapturedParts(
                base: try row.amount("base_captured"), storage: try row.amount("storage_captured"),
                postage: try row.amount("postage_captured"), congestion: try row.amount("congestion_captured")),
            dustIn: try row.amount("dust_in"), granted: try row.amount("granted"),
            repaid: try row.amount("repaid"), held: try row.optionalNumeric("held").map { Amount($0) },
            postageHeld: try row.optionalNumeric("postage_held").map { Amount($0) },
            result: try row.optionalBytes("result").map { try EpochResult(canonicalBytes: $0) },
            resultIndex: try row.optionalUnsigned("result_index"), attestedAt: try row.optionalUnsigned("attested_at"),
            cutIndex: try row.optionalUnsigned("cut_index"))
    }

    /// Adds to an epoch's flows.
    public func add(
        to epoch: UInt64, charged: Amount = .zero, refunded: Amount = .zero, captured: CapturedParts = CapturedParts()
    ) async throws {
        _ = try await transaction.execute(
            """
            UPDATE epochs SET charged = charged + \(charged.units), refunded = refunded + \(refunded.units), \
            base_captured = base_captured + \(captured.base.units), \
            storage_captured = storage_captured + \(captured.storage.units), \
            postage_captured = postage_captured + \(captured.postage.units), \
            congestion_captured = congestion_captured + \(captured.congestion.units) WHERE number = \(epoch)
            """)
    }

    /// Adds money that was given to an epoch's pool.
    public func add(grant: Amount, to epoch: UInt64) async throws {
        _ = try await transaction.execute(
            "UPDATE epochs SET granted = granted + \(grant.units) WHERE number = \(epoch)")
    }

    /// Ends an epoch at its edge and opens the next.
    public func close(
        _ epoch: UInt64, endIndex: UInt64, endCharge: UInt64, endEntry: UInt64, held: Amount, postageHeld: Amount
    ) async throws {
        _ = try await transaction.execute(
            """
            UPDATE epochs SET end_index = \(endIndex), end_charge = \(endCharge), end_entry = \(endEntry), held = \(held.units), \
            postage_held = \(postageHeld.units) WHERE number = \(epoch) AND end_index IS NULL
            """)
        _ = try await transaction.execute(
            """
            INSERT INTO epochs (number, first_index, first_charge, first_entry) \
            VALUES (\(epoch + 1), \(endIndex), \(endCharge), \(endEntry))
            """)
    }

    /// Keeps the head at an epoch's edge.
    public func keep(edgeHead: SignedHead, of epoch: UInt64) async throws {
        _ = try await transaction.execute(
            """
            UPDATE epochs SET edge_head = \(edgeHead.head.canonicalBytes), \
            edge_signature = \(edgeHead.signature.bytes) WHERE number = \(epoch)
            """)
    }

    /// Seals an epoch: its result is fixed, and its dust opens the next pool.
    public func seal(_ result: EpochResult, index: UInt64) async throws {
        _ = try await transaction.execute(
            """
            UPDATE epochs SET result = \(result.canonicalBytes), result_index = \(index) \
            WHERE number = \(result.epoch) AND result IS NULL
            """)
        _ = try await transaction.execute(
            "UPDATE epochs SET dust_in = \(result.dust.units) WHERE number = \(result.epoch + 1)")
    }

    /// Marks an epoch's result as attested.
    public func attest(_ epoch: UInt64, at time: UInt64) async throws {
        _ = try await transaction.execute(
            "UPDATE epochs SET attested_at = \(time) WHERE number = \(epoch) AND attested_at IS NULL")
    }

    /// Marks an epoch's base holds as decided.
    public func cut(_ epoch: UInt64, index: UInt64) async throws {
        _ = try await transaction.execute(
            "UPDATE epochs SET cut_index = \(index) WHERE number = \(epoch) AND cut_index IS NULL")
    }

    /// Keeps what a node signed; `false` where it had signed before.
    public func keep(
        _ statement: Statement, epoch: UInt64, node: UInt32, body: [UInt8], signature: Signature, logIndex: UInt64
    ) async throws -> Bool {
        try await transaction.execute(
            """
            INSERT INTO \(unescaped: statement.rawValue) (epoch, node, body, signature, log_index) VALUES (\(epoch), \
            \(UInt64(node)), \(body), \(signature.bytes), \(logIndex)) ON CONFLICT (epoch, node) DO NOTHING
            """) == 1
    }

    /// The nodes that have signed a statement for an epoch.
    public func signers(of statement: Statement, epoch: UInt64) async throws -> Set<UInt32> {
        let rows = try await transaction.query(
            "SELECT node FROM \(unescaped: statement.rawValue) WHERE epoch = \(epoch)")
        return Set(try rows.map { UInt32(clamping: try $0.int("node")) })
    }

    /// What the nodes observed in an epoch.
    public func observations(of epoch: UInt64) async throws -> [Observation] {
        try await transaction.query("SELECT body FROM observations WHERE epoch = \(epoch) ORDER BY node")
            .map { try Observation(canonicalBytes: try $0.bytes("body")) }
    }

    /// Which charges of an epoch the nodes hold.
    public func deliveries(of epoch: UInt64) async throws -> [Delivered] {
        try await transaction.query("SELECT body FROM deliveries WHERE epoch = \(epoch) ORDER BY node")
            .map { try Delivered(canonicalBytes: try $0.bytes("body")) }
    }

    /// Keeps an operator's attestation; `false` where it had signed before.
    public func keep(
        attestationOf operatorAddress: Address, epoch: UInt64, signature: Signature, logIndex: UInt64
    ) async throws -> Bool {
        try await transaction.execute(
            """
            INSERT INTO attestations (epoch, operator, signature, log_index) VALUES (\(epoch), \
            \(operatorAddress.bytes), \(signature.bytes), \(logIndex)) ON CONFLICT (epoch, operator) DO NOTHING
            """) == 1
    }

    /// The operators that have signed an epoch's result.
    public func attesters(of epoch: UInt64) async throws -> Set<Address> {
        let rows = try await transaction.query("SELECT operator FROM attestations WHERE epoch = \(epoch)")
        return Set(try rows.map { try $0.address("operator") })
    }

    /// For each node: results whose leaf lies in a log range, and those of them that its operator signed within it.
    ///
    /// A result is due from the nodes that were in its epoch's snapshot, as `wasIn` tells.
    public func attestationRecords(
        in range: Range<UInt64>, for snapshot: [Participant], wasIn: (Participant, UInt64) -> Bool
    ) async throws -> [AttestationRecord] {
        let results = try await transaction.query(
            """
            SELECT number FROM epochs \
            WHERE result_index >= \(range.lowerBound) AND result_index < \(range.upperBound)
            """
        ).map { try $0.unsigned("number") }
        var given: [Address: Set<UInt64>] = [:]
        let rows = try await transaction.query(
            """
            SELECT operator, epoch FROM attestations WHERE epoch = ANY(\(results)) \
            AND log_index >= \(range.lowerBound) AND log_index < \(range.upperBound)
            """)
        for row in rows { given[try row.address("operator"), default: []].insert(try row.unsigned("epoch")) }
        return snapshot.map { participant in
            let due = results.filter { wasIn(participant, $0) }
            let signed = given[participant.operatorAddress] ?? []
            return AttestationRecord(
                node: participant.node, due: UInt32(due.count), given: UInt32(due.count { signed.contains($0) }))
        }
    }
}
