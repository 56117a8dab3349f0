public import Channels
public import Primitives

/// A charge as it is kept: the public record, and what only the service knows of it.
public struct StoredCharge: Hashable, Sendable {
    /// What the log's leaf says.
    public let charge: Charge
    /// The leaf's index.
    public let logIndex: UInt64
    /// The moment of acceptance.
    public let acceptedAt: UInt64
    /// The channel that paid.
    public let channelID: Bytes32
    /// The voucher's lane.
    public let lane: UInt32
    /// The voucher's sequence.
    public let sequence: UInt64
    /// The most that the payer had agreed to.
    public let maxFee: Amount
    /// When the postage window ends; `nil` without postage.
    public let postageDue: UInt64?

    /// Makes a record.
    public init(
        charge: Charge, logIndex: UInt64, acceptedAt: UInt64, channelID: Bytes32, lane: UInt32, sequence: UInt64,
        maxFee: Amount, postageDue: UInt64?
    ) {
        self.charge = charge
        self.logIndex = logIndex
        self.acceptedAt = acceptedAt
        self.channelID = channelID
        self.lane = lane
        self.sequence = sequence
        self.maxFee = maxFee
        self.postageDue = postageDue
    }
}

/// A charge whose holds are being decided.
public struct HeldCharge: Hashable, Sendable {
    /// The charge's number.
    public let number: UInt64
    /// The channel that paid.
    public let channelID: Bytes32
    /// Moment of acceptance.
    public let acceptedAt: UInt64
    /// The expiry day.
    public let expiryDay: UTCDay
    /// Base and congestion.
    public let base: Amount
    /// What one day of its storage costs.
    public let storagePerDay: Amount
    /// Postage that is still held; zero where there is none.
    public let postageHeld: Amount
    /// Tells whether its postage was decided.
    public let isPostageDecided: Bool
    /// When the postage window ends.
    public let postageDue: UInt64?
    /// Tells whether its payer showed a node's acknowledgement.
    public let isAcknowledged: Bool
}

extension HeldCharge {
    /// Its postage while that is not decided; `nil` afterwards.
    public var heldPostage: Amount? { isPostageDecided ? nil : postageHeld }
}

/// Charges and what is held for them.
public struct ChargeStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// The log indexes of envelopes that were charged before, by channel and envelope.
    public func charged(
        _ keys: [(channel: Bytes32, envelope: Bytes32)]
    ) async throws -> [Bytes32: [Bytes32: UInt64]] {
        guard !keys.isEmpty else { return [:] }
        let rows = try await transaction.query(
            """
            SELECT c.channel_id, c.envelope_hash, c.log_index FROM unnest(\(keys.map(\.channel.bytes)), \
            \(keys.map(\.envelope.bytes))) AS k (channel, envelope) JOIN charges AS c \
            ON c.channel_id = k.channel AND c.envelope_hash = k.envelope
            """)
        var found: [Bytes32: [Bytes32: UInt64]] = [:]
        for row in rows {
            found[try row.hash("channel_id"), default: [:]][try row.hash("envelope_hash")] = try row.unsigned(
                "log_index")
        }
        return found
    }

    /// Writes a batch of charges.
    public func insert(_ charges: [StoredCharge]) async throws {
        guard !charges.isEmpty else { return }
        let perDay = try charges.map { try $0.charge.storagePerDay(acceptedAt: $0.acceptedAt) }
        _ = try await transaction.execute(
            """
            INSERT INTO charges (number, log_index, channel_id, lane, sequence, epoch, accepted_at, envelope_hash, \
            bytes, expiry_day, max_fee, schedule, base, storage, storage_per_day, congestion, postage, postage_due) \
            SELECT n, i, ch, la, se, ep, ac, en, by, ex, mf, sc, ba, st, pd, co, po, NULLIF(du, 0) FROM unnest( \
            \(charges.map(\.charge.number)), \(charges.map(\.logIndex)), \(charges.map(\.channelID.bytes)), \
            \(charges.map { UInt64($0.lane) }), \(charges.map { UInt128($0.sequence) }), \
            \(charges.map(\.charge.epoch)), \(charges.map(\.acceptedAt)), \(charges.map(\.charge.envelopeHash.bytes)), \
            \(charges.map { UInt64($0.charge.bytes) }), \(charges.map { UInt64($0.charge.expiryDay.number) }), \
            \(charges.map(\.maxFee.units)), \(charges.map { UInt64($0.charge.schedule) }), \
            \(charges.map(\.charge.price.base.units)), \(charges.map(\.charge.price.storage.units)), \
            \(perDay.map(\.units)), \(charges.map(\.charge.price.congestion.units)), \
            \(charges.map(\.charge.price.postage.units)), \(charges.map { $0.postageDue ?? 0 })) \
            AS t (n, i, ch, la, se, ep, ac, en, by, ex, mf, sc, ba, st, pd, co, po, du)
            """)
    }

    /// Holds storage, gathered by expiry day.
    public func hold(storage daily: [UTCDay: Amount]) async throws {
        let rows = daily.sorted { $0.key < $1.key }.filter { $0.value > .zero }
        guard !rows.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO storage_holds AS h (expiry_day, daily) \
            SELECT * FROM unnest(\(rows.map { UInt64($0.key.number) }), \(rows.map(\.value.units))) \
            ON CONFLICT (expiry_day) DO UPDATE SET daily = h.daily + EXCLUDED.daily
            """)
    }

    /// What is held for storage.
    public func storageHolds() async throws -> StorageHolds {
        var daily: [UTCDay: Amount] = [:]
        for row in try await transaction.query("SELECT expiry_day, daily FROM storage_holds") {
            daily[UTCDay(number: UInt32(clamping: try row.unsigned("expiry_day")))] = try row.amount("daily")
        }
        return StorageHolds(daily: daily)
    }

    /// Replaces what is held for storage, after a midnight or a void.
    public func replace(storageHolds holds: StorageHolds) async throws {
        _ = try await transaction.execute("DELETE FROM storage_holds")
        try await hold(storage: holds.daily)
    }

    /// Charges whose postage is held and due by `time`, in the order of due time and number.
    public func postageDue(by time: UInt64, limit: Int) async throws -> [HeldCharge] {
        try await held(
            """
            \(unescaped: Self.heldColumns) WHERE c.postage_due <= \(time) AND c.postage_index IS NULL \
            AND c.postage_due IS NOT NULL ORDER BY c.postage_due, c.number LIMIT \(limit)
            """)
    }

    /// The next moment at which postage falls due.
    public func nextPostageDue() async throws -> UInt64? {
        try await transaction.query(
            "SELECT min(postage_due) AS due FROM charges WHERE postage_due IS NOT NULL AND postage_index IS NULL"
        ).first?.optionalUnsigned("due")
    }

    /// One charge, locked.
    public func lock(_ number: UInt64) async throws -> HeldCharge? {
        try await held("\(unescaped: Self.heldColumns) WHERE c.number = \(number) FOR UPDATE OF c").first
    }

    /// Tells whether a charge's base is still held.
    public func isBaseHeld(_ number: UInt64) async throws -> Bool {
        try await transaction.query("SELECT 1 FROM charges WHERE number = \(number) AND base_index IS NULL").count == 1
    }

    /// The charge's envelope.
    public func envelope(of number: UInt64) async throws -> Bytes32? {
        try await transaction.query("SELECT envelope_hash FROM charges WHERE number = \(number)")
            .first?.hash("envelope_hash")
    }

    /// The charges of an epoch whose base is held, in order.
    public func undecided(in epoch: UInt64) async throws -> [HeldCharge] {
        try await held(
            "\(unescaped: Self.heldColumns) WHERE c.epoch = \(epoch) AND c.base_index IS NULL ORDER BY c.number")
    }

    private static let heldColumns = """
        SELECT c.number, c.channel_id, c.accepted_at, c.expiry_day, c.base + c.congestion AS base, \
        c.storage_per_day, CASE WHEN c.postage_index IS NULL THEN c.postage ELSE 0 END AS postage_held, \
        c.postage_index IS NOT NULL AS postage_decided, \
        c.postage_due, a.charge IS NOT NULL AS acknowledged \
        FROM charges AS c LEFT JOIN acknowledgements AS a ON a.charge = c.number
        """

    private func held(_ sql: SQL) async throws -> [HeldCharge] {
        try await transaction.query(sql).map { row in
            HeldCharge(
                number: try row.unsigned("number"), channelID: try row.hash("channel_id"),
                acceptedAt: try row.unsigned("accepted_at"),
                expiryDay: UTCDay(number: UInt32(clamping: try row.unsigned("expiry_day"))),
                base: try row.amount("base"), storagePerDay: try row.amount("storage_per_day"),
                postageHeld: try row.amount("postage_held"),
                isPostageDecided: try row.bool("postage_decided"), postageDue: try row.optionalUnsigned("postage_due"),
                isAcknowledged: try row.bool("acknowledged"))
        }
    }

    /// Marks postage as decided, each charge by the leaf that says so.
    public func decidePostage(_ decisions: [(number: UInt64, logIndex: UInt64)]) async throws {
        guard !decisions.isEmpty else { return }
        _ = try await transaction.execute(
            """
            UPDATE charges AS c SET postage_index = d.i FROM unnest(\(decisions.map(\.number)), \
            \(decisions.map(\.logIndex))) AS d (n, i) WHERE c.number = d.n AND c.postage_index IS NULL
            """)
    }

    /// Marks the base of an epoch's charges as decided by the cut, and voided ones by their own leaves.
    public func decideBase(in epoch: UInt64, cutIndex: UInt64, voided: [(number: UInt64, logIndex: UInt64)])
        async throws
    {
        if !voided.isEmpty {
            _ = try await transaction.execute(
                """
                UPDATE charges AS c SET base_index = d.i, void_index = d.i, \
                postage_index = CASE WHEN c.postage > 0 THEN COALESCE(c.postage_index, d.i) END \
                FROM unnest(\(voided.map(\.number)), \(voided.map(\.logIndex))) AS d (n, i) WHERE c.number = d.n
                """)
        }
        _ = try await transaction.execute(
            "UPDATE charges SET base_index = \(cutIndex) WHERE epoch = \(epoch) AND base_index IS NULL")
    }

    /// Keeps the decisions that gave money back.
    public func keep(refunds: [RefundRecord]) async throws {
        guard !refunds.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO refunds (charge, part, ground, amount, evidence, log_index, epoch) SELECT * FROM unnest( \
            \(refunds.map(\.charge)), \(refunds.map(\.part)), \(refunds.map { UInt64($0.ground.rawValue) }), \
            \(refunds.map(\.amount.units)), \(refunds.map(\.evidence)), \(refunds.map(\.logIndex)), \
            \(refunds.map(\.epoch)))
            """)
    }

    /// Keeps a node's acknowledgement that a payer has shown; `false` where one is kept already.
    public func keep(acknowledgement: Acknowledgement, signature: Signature) async throws -> Bool {
        try await transaction.execute(
            """
            INSERT INTO acknowledgements (charge, body, signature) VALUES (\(acknowledgement.charge), \
            \(acknowledgement.canonicalBytes), \(signature.bytes)) ON CONFLICT (charge) DO NOTHING
            """) == 1
    }

    /// The evidence kept for a charge, if its payer showed any.
    public func acknowledgement(of charge: UInt64) async throws -> [UInt8]? {
        try await transaction.query("SELECT body FROM acknowledgements WHERE charge = \(charge)").first?.bytes("body")
    }
}

/// One part of a charge that went back.
public struct RefundRecord: Hashable, Sendable {
    /// The charge.
    public let charge: UInt64
    /// `base`, `storage` or `postage`.
    public let part: String
    /// Why.
    public let ground: RefundGround
    /// How much.
    public let amount: Amount
    /// What decided it, in canonical bytes.
    public let evidence: [UInt8]
    /// The leaf that says so.
    public let logIndex: UInt64
    /// The epoch that was open.
    public let epoch: UInt64

    /// Makes a record.
    public init(
        charge: UInt64, part: String, ground: RefundGround, amount: Amount, evidence: [UInt8], logIndex: UInt64,
        epoch: UInt64
    ) {
        self.charge = charge
        self.part = part
        self.ground = ground
        self.amount = amount
        self.evidence = evidence
        self.logIndex = logIndex
        self.epoch = epoch
    }
}
