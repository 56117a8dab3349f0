public import Channels
public import Primitives

/// A charge with all that was decided on it, and who paid it.
public struct StoredHistory: Hashable, Sendable {
    /// What was recorded.
    public let history: ChargeHistory
    /// The leaf that charged it.
    public let logIndex: UInt64
    /// The number of the channel that paid.
    public let channel: UInt64
    /// The channel that paid.
    public let channelID: Bytes32
    /// The envelope that was paid.
    public let envelopeHash: Bytes32
    /// The epoch of the charge.
    public let epoch: UInt64
    /// The leaf that captured the base fees of its epoch, once there is one.
    public let cutIndex: UInt64?
    /// Whether it was voided.
    public let isVoid: Bool
    /// When the postage window ends; `nil` without postage.
    public let postageDue: UInt64?
}

/// Reads charges with what was decided on them.
public struct HistoryStore: Sendable {
    private let transaction: Transaction

    /// Reads within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// One charge; `nil` where there is none of this number.
    public func history(of number: UInt64) async throws -> StoredHistory? {
        guard number <= Int64.max else { return nil }
        return try await histories(of: [number]).first
    }

    /// Several charges, by number, as leaves below `index` have them; those that are not there are left out.
    public func histories(
        of numbers: [UInt64], before index: UInt64 = UInt64(Int64.max)
    ) async throws -> [StoredHistory] {
        guard !numbers.isEmpty else { return [] }
        let rows = try await transaction.query(
            """
            SELECT c.*, ch.channel_id, e.number AS epoch, \
            CASE WHEN e.cut_index < \(index) THEN e.cut_index END AS cut_index, p.amount AS postage, p.due, \
            coalesce(p.decided_index >= \(index), TRUE) AS postage_open, \
            coalesce(v.log_index < \(index), FALSE) AS is_void FROM charges AS c \
            JOIN channels AS ch ON ch.number = c.channel \
            JOIN epochs AS e ON c.number >= e.first_charge AND (e.end_charge IS NULL OR c.number < e.end_charge) \
            LEFT JOIN postage_holds AS p ON p.charge = c.number LEFT JOIN voids AS v ON v.charge = c.number \
            WHERE c.number = ANY (\(numbers)) ORDER BY c.number
            """)
        let refunds = try await refunds(of: numbers, before: index)
        let releases = try await releases(of: numbers, before: index)
        let outages = try await outages(before: index)
        return try rows.map { row in
            let number = try row.unsigned("number")
            let isVoid = try row.bool("is_void")
            let cut = try row.optionalUnsigned("cut_index")
            let postage = try row.optionalNumeric("postage").map { Amount($0) }
            let (returned, owed) = refunds[number] ?? (RefundParts(), RefundParts())
            let history = ChargeHistory(
                number: number, acceptedAt: try row.unsigned("accepted_at"), expiryDay: try row.day("expiry_day"),
                paid: RefundParts(
                    base: try row.amount("base"), congestion: try row.amount("congestion"),
                    storage: try row.amount("storage_per_day"), postage: postage ?? .zero),
                isBaseHeld: cut == nil && !isVoid, isPostageHeld: try postage != nil && row.bool("postage_open"),
                returned: returned, owed: owed, releases: releases[number] ?? [], outages: outages)
            return StoredHistory(
                history: history, logIndex: try row.unsigned("log_index"), channel: try row.unsigned("channel"),
                channelID: try row.hash("channel_id"), envelopeHash: try row.hash("envelope_hash"),
                epoch: try row.unsigned("epoch"), cutIndex: cut, isVoid: isVoid,
                postageDue: try row.optionalUnsigned("due"))
        }
    }

    /// Every outage that leaves below `index` declare, by day.
    public func outages(before index: UInt64) async throws -> [ChargeHistory.PastOutage] {
        try await transaction.query(
            "SELECT day, parts, log_index FROM outages WHERE log_index < \(index) ORDER BY day"
        ).map { row in
            ChargeHistory.PastOutage(
                logIndex: try row.unsigned("log_index"),
                outage: Outage(day: try row.day("day"), parts: UInt32(clamping: try row.unsigned("parts"))))
        }
    }

    private func refunds(
        of numbers: [UInt64], before index: UInt64
    ) async throws -> [UInt64: (returned: RefundParts, owed: RefundParts)] {
        var found: [UInt64: (returned: RefundParts, owed: RefundParts)] = [:]
        let rows = try await transaction.query(
            """
            SELECT charge, part, ground, amount, source FROM refunds WHERE charge = ANY (\(numbers)) \
            AND log_index < \(index)
            """)
        for row in rows {
            let charge = try row.unsigned("charge")
            let isHeld = try row.text("source") == "hold"
            let part = try row.text("part")
            var parts = found[charge] ?? (RefundParts(), RefundParts())
            // What a lower price gives of days that were captured follows from the release.
            let isPrice = try row.int("ground") == Int64(RefundGround.overcharged.rawValue)
            if !isHeld && isPrice && part == "storage" { continue }
            if isHeld {
                try parts.returned.add(try row.amount("amount"), to: part)
            } else {
                try parts.owed.add(try row.amount("amount"), to: part)
            }
            found[charge] = parts
        }
        return found
    }

    private func releases(
        of numbers: [UInt64], before index: UInt64
    ) async throws -> [UInt64: [ChargeHistory.Release]] {
        var found: [UInt64: [ChargeHistory.Release]] = [:]
        let rows = try await transaction.query(
            """
            SELECT * FROM releases WHERE charge = ANY (\(numbers)) AND log_index < \(index) \
            ORDER BY charge, log_index
            """)
        for row in rows {
            found[try row.unsigned("charge"), default: []].append(
                ChargeHistory.Release(
                    logIndex: try row.unsigned("log_index"), perDay: try row.amount("per_day"),
                    fromDay: try row.day("from_day"), isPrice: try row.bool("is_price")))
        }
        return found
    }
}

extension RefundParts {
    mutating func add(_ amount: Amount, to part: String) throws {
        switch part {
        case "base": base = try base.adding(amount)
        case "congestion": congestion = try congestion.adding(amount)
        case "storage": storage = try storage.adding(amount)
        case "postage": postage = try postage.adding(amount)
        default: throw StorageCorruption("a refund of the part \(part), which no charge has")
        }
    }
}

extension Row {
    /// A day number.
    func day(_ column: String) throws -> UTCDay {
        UTCDay(number: UInt32(clamping: try unsigned(column)))
    }
}
