public import Channels
public import Primitives

/// Channels and their lanes.
public struct ChannelStore: Sendable {
    private let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Writes a new channel; `false` where the id exists.
    public func open(_ opening: OpenChannel, id: Bytes32, at time: UInt64) async throws -> Bool {
        try await transaction.execute(
            """
            INSERT INTO channels (channel_id, payer, signer, opening, stage, opened_at) VALUES (\(id.bytes), \
            \(opening.payer.bytes), \(opening.signer.bytes), \(opening.opening.bytes), 'open', \(time)) \
            ON CONFLICT (channel_id) DO NOTHING
            """) == 1
    }

    /// Locks channels in id order and reads them with their lanes.
    public func lock(_ ids: some Collection<Bytes32>) async throws -> [Bytes32: ChannelState] {
        let keys = Set(ids).sorted().map(\.bytes)
        let rows = try await transaction.query(
            "SELECT * FROM channels WHERE channel_id = ANY(\(keys)) ORDER BY channel_id FOR UPDATE")
        return try await withLanes(rows, keys: keys)
    }

    /// Reads one channel.
    public func channel(_ id: Bytes32) async throws -> ChannelState? {
        let rows = try await transaction.query("SELECT * FROM channels WHERE channel_id = \(id.bytes)")
        return try await withLanes(rows, keys: [id.bytes])[id]
    }

    private func withLanes(_ rows: [Row], keys: [[UInt8]]) async throws -> [Bytes32: ChannelState] {
        var states: [Bytes32: ChannelState] = [:]
        for row in rows {
            let id = try row.hash("channel_id")
            guard let stage = ChannelStage(rawValue: try row.text("stage")) else {
                throw StorageCorruption("channel \(id) is in no known stage")
            }
            states[id] = ChannelState(
                id: id, payer: try row.address("payer"), signer: try row.address("signer"), stage: stage,
                deposited: try row.amount("deposited"), refunded: try row.amount("refunded"),
                withdrawn: try row.amount("withdrawn"), lanes: [:])
        }
        for row in try await transaction.query("SELECT * FROM lanes WHERE channel_id = ANY(\(keys))") {
            let lane = LaneState(
                sequence: try row.wide("sequence"), ceiling: try row.amount("ceiling"),
                charged: try row.amount("charged"))
            states[try row.hash("channel_id")]?.lanes[UInt32(clamping: try row.unsigned("lane"))] = lane
        }
        return states
    }

    /// Writes lanes as they are after a batch.
    public func write(_ lanes: [(channel: Bytes32, lane: UInt32, state: LaneState)]) async throws {
        guard !lanes.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO lanes (channel_id, lane, sequence, ceiling, charged) SELECT * FROM unnest( \
            \(lanes.map(\.channel.bytes)), \(lanes.map { UInt64($0.lane) }), \
            \(lanes.map { UInt128($0.state.sequence) }), \(lanes.map(\.state.ceiling.units)), \
            \(lanes.map(\.state.charged.units))) ON CONFLICT (channel_id, lane) DO UPDATE SET \
            sequence = EXCLUDED.sequence, ceiling = EXCLUDED.ceiling, charged = EXCLUDED.charged
            """)
    }

    /// Credits a confirmed deposit.
    public func credit(deposit amount: Amount, to id: Bytes32) async throws {
        _ = try await transaction.execute(
            "UPDATE channels SET deposited = deposited + \(amount.units) WHERE channel_id = \(id.bytes)")
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

    /// Ends a channel and takes out what is left.
    public func close(_ id: Bytes32, returning amount: Amount, at time: UInt64) async throws {
        _ = try await transaction.execute(
            """
            UPDATE channels SET stage = 'closed', closed_at = \(time), withdrawn = withdrawn + \(amount.units) \
            WHERE channel_id = \(id.bytes)
            """)
    }

    /// Keeps accepted vouchers.
    public func keep(_ vouchers: [SignedVoucher]) async throws {
        guard !vouchers.isEmpty else { return }
        _ = try await transaction.execute(
            """
            INSERT INTO vouchers (channel_id, lane, sequence, ceiling, valid_until, items_hash, signature) \
            SELECT * FROM unnest(\(vouchers.map(\.voucher.channelID.bytes)), \
            \(vouchers.map { UInt64($0.voucher.lane) }), \(vouchers.map { UInt128($0.voucher.sequence) }), \
            \(vouchers.map(\.voucher.cumulativeAmount.units)), \(vouchers.map { UInt128($0.voucher.validUntil) }), \
            \(vouchers.map(\.voucher.itemsHash.bytes)), \(vouchers.map(\.signature.bytes)))
            """)
    }
}
