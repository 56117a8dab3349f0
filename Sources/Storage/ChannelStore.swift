public import Channels
public import Primitives

/// A channel as it is kept.
public struct StoredChannel: Hashable, Sendable {
    /// Its number in this database; rows of lanes and charges name it so.
    public let number: UInt64
    /// The channel.
    public var state: ChannelState

    /// Pairs a number with a channel.
    public init(number: UInt64, state: ChannelState) {
        self.number = number
        self.state = state
    }
}

/// A lane to write.
public struct StoredLane: Hashable, Sendable {
    /// The number of its channel.
    public let channel: UInt64
    /// Its number.
    public let lane: UInt32
    /// What it is now.
    public let state: LaneState

    /// Makes a row.
    public init(channel: UInt64, lane: UInt32, state: LaneState) {
        self.channel = channel
        self.lane = lane
        self.state = state
    }
}

/// Channels and their lanes. That one writer follows another is ``LogSession``'s to see to: rows are not locked here.
public struct ChannelStore: Sendable {
    let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Reads channels with their lanes; ids that are not known are left out.
    public func channels(_ ids: some Collection<Bytes32>) async throws -> [Bytes32: StoredChannel] {
        let keys = Set(ids).map(\.bytes)
        return try await withLanes(
            try await transaction.query("SELECT * FROM channels WHERE channel_id = ANY(\(keys))"))
    }

    /// The newest channels that take vouchers, of those with a number below `number`.
    public func newestOpen(below number: UInt64, limit: Int) async throws -> [Bytes32: StoredChannel] {
        try await withLanes(
            try await transaction.query(
                """
                SELECT * FROM channels WHERE stage = 'open' AND number < \(number) ORDER BY number DESC LIMIT \(limit)
                """))
    }

    private func withLanes(_ rows: [Row]) async throws -> [Bytes32: StoredChannel] {
        var numbers: [UInt64: Bytes32] = [:]
        var found: [Bytes32: StoredChannel] = [:]
        for row in rows {
            let channel = try Self.channel(row)
            numbers[channel.number] = channel.state.id
            found[channel.state.id] = channel
        }
        let lanes = try await transaction.query(
            "SELECT * FROM lanes WHERE channel = ANY(\(numbers.keys.map { Int64($0) }))")
        for row in lanes {
            guard let id = numbers[try row.unsigned("channel")] else { continue }
            found[id]?.state.lanes[UInt32(clamping: try row.unsigned("lane"))] = LaneState(
                sequence: try row.unsigned("sequence"), ceiling: try row.amount("ceiling"),
                charged: try row.amount("charged"), lastCharge: try row.unsigned("last_charge"))
        }
        // Only who changed signers has any besides the opening's.
        let delegating = numbers.filter { found[$0.value]?.state.nonce ?? 0 > 0 }.keys
        for row in try await signers(of: Array(delegating)) where try !row.bool("is_revoked") {
            guard let id = numbers[try row.unsigned("channel")] else { continue }
            found[id]?.state.delegates[try row.address("signer")] = SignerAuthority(
                lane: try row.optionalUnsigned("lane").map { UInt32(clamping: $0) }, ceiling: try row.amount("ceiling"),
                expires: try row.wide("expires"))
        }
        return found
    }

    /// Reads one channel.
    public func channel(_ id: Bytes32) async throws -> StoredChannel? { try await channels([id])[id] }

    private static func channel(_ row: Row) throws -> StoredChannel {
        let id = try row.hash("channel_id")
        guard let stage = ChannelStage(rawValue: try row.text("stage")) else {
            throw StorageCorruption("channel \(id) is in no known stage")
        }
        return StoredChannel(
            number: try row.unsigned("number"),
            state: ChannelState(
                id: id, payer: try row.address("payer"), signer: try row.address("signer"),
                isSignerRevoked: try row.bool("signer_revoked"), nonce: try row.unsigned("nonce"), stage: stage,
                closesAt: try row.optionalUnsigned("closes_at"), deposited: try row.amount("deposited"),
                refunded: try row.amount("refunded"),
                withdrawn: try row.amount("withdrawn"), lanes: [:]))
    }

    /// Writes lanes as they are after a batch: those used for the first time, and those that were used before.
    public func write(new: [StoredLane], used: [StoredLane]) async throws {
        if !new.isEmpty {
            _ = try await transaction.execute(
                """
                INSERT INTO lanes (channel, lane, sequence, ceiling, charged, last_charge) SELECT * FROM unnest( \
                \(new.map(\.channel)), \(new.map { UInt64($0.lane) }), \(new.map(\.state.sequence)), \
                \(new.map(\.state.ceiling.units)), \(new.map(\.state.charged.units)), \(new.map(\.state.lastCharge)))
                """)
        }
        guard !used.isEmpty else { return }
        let changed = try await transaction.execute(
            """
            UPDATE lanes AS l SET sequence = n.sequence, ceiling = n.ceiling, charged = n.charged, \
            last_charge = n.last_charge FROM unnest(\(used.map(\.channel)), \(used.map { UInt64($0.lane) }), \
            \(used.map(\.state.sequence)), \(used.map(\.state.ceiling.units)), \(used.map(\.state.charged.units)), \
            \(used.map(\.state.lastCharge))) AS n (channel, lane, sequence, ceiling, charged, last_charge) \
            WHERE l.channel = n.channel AND l.lane = n.lane AND l.sequence < n.sequence
            """)
        guard changed == used.count else {
            throw StorageCorruption("\(used.count - changed) of \(used.count) lanes were changed by another writer")
        }
    }

    /// Credits refunds, one sum for each channel.
    public func credit(refunds: [Bytes32: Amount]) async throws {
        let rows = refunds.sorted { $0.key < $1.key }
        guard !rows.isEmpty else { return }
        _ = try await transaction.execute(
            """
            UPDATE channels AS c SET refunded = c.refunded + r.amount \
            FROM unnest(\(rows.map(\.key.bytes)), \(rows.map(\.value.units))) AS r (id, amount) \
            WHERE c.channel_id = r.id
            """)
    }
}
