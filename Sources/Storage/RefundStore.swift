public import Channels
public import Primitives

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

/// Refunds and the evidence that payers show for them.
public struct RefundStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Keeps the decisions that gave money back.
    public func keep(_ refunds: [RefundRecord]) async throws {
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
