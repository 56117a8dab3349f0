public import Channels
public import Primitives

/// Out of which purse a refund comes.
public enum RefundSource: String, Hashable, Sendable {
    /// What was held of the charge: it went back with the leaf.
    case hold
    /// The open epoch's pool: it is owed, and paid right before an edge.
    case pool
    /// The stake of a node at fault: it went back with the leaf.
    case stake
}

/// One part of a charge that goes back.
public struct RefundRecord: Hashable, Sendable {
    /// The charge.
    public let charge: UInt64
    /// `base`, `congestion`, `storage` or `postage`.
    public let part: String
    /// Why.
    public let ground: RefundGround
    /// Out of which purse.
    public let source: RefundSource
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
        charge: UInt64, part: String, ground: RefundGround, source: RefundSource, amount: Amount, evidence: [UInt8],
        logIndex: UInt64, epoch: UInt64
    ) {
        self.charge = charge
        self.part = part
        self.ground = ground
        self.source = source
        self.amount = amount
        self.evidence = evidence
        self.logIndex = logIndex
        self.epoch = epoch
    }

    /// The records of a decision: a line for each part and purse that gives something.
    public static func records(
        of decision: RefundDecision, charge: UInt64, evidence: [UInt8], logIndex: UInt64, epoch: UInt64
    ) -> [RefundRecord] {
        let purses: [(RefundSource, RefundParts)] = [
            (.hold, decision.held), (.pool, decision.owed), (.stake, decision.stake),
        ]
        return purses.flatMap { source, parts in
            [
                ("base", parts.base), ("congestion", parts.congestion), ("storage", parts.storage),
                ("postage", parts.postage),
            ].compactMap { part, amount in
                guard amount > .zero else { return nil }
                return RefundRecord(
                    charge: charge, part: part, ground: decision.ground, source: source, amount: amount,
                    evidence: evidence, logIndex: logIndex, epoch: epoch)
            }
        }
    }
}

/// Refunds and the evidence that payers show for them.
public struct RefundStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Keeps the decisions that give money back.
    public func keep(_ refunds: [RefundRecord]) async throws {
        guard !refunds.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO refunds (charge, part, ground, amount, evidence, log_index, epoch, source) SELECT * FROM unnest( \
            \(refunds.map(\.charge)), \(refunds.map(\.part)), \(refunds.map { UInt64($0.ground.rawValue) }), \
            \(refunds.map(\.amount.units)), \(refunds.map(\.evidence)), \(refunds.map(\.logIndex)), \
            \(refunds.map(\.epoch)), \(refunds.map(\.source.rawValue)))
            """)
    }

    /// Keeps storage of charges that was given up.
    public func keep(_ releases: [(charge: UInt64, release: ChargeHistory.Release)]) async throws {
        guard !releases.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO releases (charge, log_index, per_day, from_day, is_price) SELECT * FROM unnest( \
            \(releases.map(\.charge)), \(releases.map(\.release.logIndex)), \
            \(releases.map(\.release.perDay.units)), \(releases.map { UInt64($0.release.fromDay.number) }), \
            \(releases.map(\.release.isPrice)))
            """)
    }

    /// Keeps a node's refusal that a payer has shown; `false` where one is kept already.
    public func keep(refusal: NodeRefusal, signature: Signature) async throws -> Bool {
        try await transaction.execute(
            """
            INSERT INTO refusals (charge, body, signature) VALUES (\(refusal.charge), \(refusal.canonicalBytes), \
            \(signature.bytes)) ON CONFLICT (charge) DO NOTHING
            """) == 1
    }

    /// Keeps that an earlier charge had paid for a charge's envelope, the earliest that is shown.
    public func keep(double charge: UInt64, first: UInt64) async throws {
        _ = try await transaction.execute(
            """
            INSERT INTO double_charges AS d (charge, first) VALUES (\(charge), \(first)) \
            ON CONFLICT (charge) DO UPDATE SET first = least(d.first, EXCLUDED.first)
            """)
    }

    /// What was shown for the charges of an epoch that has ended.
    public struct Shown: Sendable {
        /// The charge.
        public let charge: UInt64
        /// A node's acknowledgement.
        public let acknowledgement: [UInt8]?
        /// A node's refusal.
        public let refusal: [UInt8]?
        /// The charge that paid for the envelope before.
        public let first: UInt64?
    }

    /// What was shown for the charges of an epoch that has ended, by number: all that its cut may give back.
    public func shown(in epoch: UInt64) async throws -> [Shown] {
        try await transaction.query(
            """
            SELECT c.charge, a.body AS acknowledgement, r.body AS refusal, d.first FROM ( \
            SELECT charge FROM acknowledgements UNION SELECT charge FROM refusals \
            UNION SELECT charge FROM double_charges) AS c \
            JOIN epochs AS e ON e.number = \(epoch) AND c.charge >= e.first_charge AND c.charge < e.end_charge \
            LEFT JOIN acknowledgements AS a USING (charge) LEFT JOIN refusals AS r USING (charge) \
            LEFT JOIN double_charges AS d USING (charge) ORDER BY c.charge
            """
        ).map { row in
            Shown(
                charge: try row.unsigned("charge"), acknowledgement: try row.optionalBytes("acknowledgement"),
                refusal: try row.optionalBytes("refusal"), first: try row.optionalUnsigned("first"))
        }
    }

    /// Keeps a node's acknowledgement that a payer has shown; `false` where one is kept already.
    public func keep(acknowledgement: Acknowledgement, signature: Signature) async throws -> Bool {
        try await transaction.execute(
            """
            INSERT INTO acknowledgements (charge, body, signature) VALUES (\(acknowledgement.charge), \
            \(acknowledgement.canonicalBytes), \(signature.bytes)) ON CONFLICT (charge) DO NOTHING
            """) == 1
    }

    /// Tells whether a charge got something back on a ground, or is owed it.
    public func isDecided(_ charge: UInt64, on ground: RefundGround) async throws -> Bool {
        let number = UInt64(ground.rawValue)
        return try await !transaction.query(
            "SELECT FROM refunds WHERE charge = \(charge) AND ground = \(number) LIMIT 1"
        ).isEmpty
    }

    /// What went back of a charge, or is owed, in the order of the log.
    public func refunds(of charge: UInt64) async throws -> [RefundRecord] {
        try await transaction.query(
            "SELECT * FROM refunds WHERE charge = \(charge) ORDER BY log_index, part, source"
        ).map { try RefundRecord($0) }
    }

    /// The grounds for which evidence is kept until the delivery cut.
    public func shownGrounds(for charge: UInt64) async throws -> Set<RefundGround> {
        let rows = try await transaction.query(
            """
            SELECT EXISTS (SELECT FROM acknowledgements WHERE charge = \(charge)) AS undelivered, \
            EXISTS (SELECT FROM refusals WHERE charge = \(charge)) AS refused, \
            EXISTS (SELECT FROM double_charges WHERE charge = \(charge)) AS twice
            """)
        guard let row = rows.first else { return [] }
        var grounds: Set<RefundGround> = []
        if try row.bool("undelivered") { grounds.insert(.undelivered) }
        if try row.bool("refused") { grounds.insert(.refused) }
        if try row.bool("twice") { grounds.insert(.chargedTwice) }
        return grounds
    }
}

extension RefundRecord {
    /// Reads a row of refunds.
    init(_ row: Row) throws {
        guard let ground = RefundGround(rawValue: UInt8(clamping: try row.int("ground"))),
            let source = RefundSource(rawValue: try row.text("source"))
        else {
            throw StorageCorruption("a refund on an unknown ground or out of an unknown purse")
        }
        self.init(
            charge: try row.unsigned("charge"), part: try row.text("part"), ground: ground, source: source,
            amount: try row.amount("amount"), evidence: try row.bytes("evidence"),
            logIndex: try row.unsigned("log_index"), epoch: try row.unsigned("epoch"))
    }
}
