import Channels
public import Primitives

/// The channels that a statement is of, with what of them is too little to be asked for again and again: how each ended, and
/// what its payer took out.
public struct PayerChannels: Sendable {
    /// A channel.
    public struct Channel: Hashable, Sendable {
        /// Its id.
        public let id: Bytes32
        /// What it has to spend now.
        public let available: Amount
        let number: UInt64
        let closedAt: UInt64?
        /// The leaf that closed it; above every other where there is none.
        var closedIndex = UInt64(Int64.max)
    }

    /// Money that left a channel for what is payable to its payer.
    struct Exit: Hashable, Sendable {
        let channel: UInt64
        let index: UInt64
        let isClose: Bool
        let amount: Amount
    }

    /// Whose channels they are.
    public let payer: Address
    /// Whether they are all that the payer has, so that what is payable to it is theirs.
    public let isAll: Bool
    /// The channels, by id.
    public let channels: [Channel]
    let exits: [Exit]
    /// The nodes whose rewards are claimed for the payer.
    let nodes: [UInt64]

    var numbers: [UInt64] { channels.map(\.number) }

    /// All channels of a payer that ever held money; `nil` where there is none.
    public init?(of payer: Address, _ transaction: Transaction, _ state: LogState) async throws {
        let rows = try await transaction.query(Self.query("c.payer = ", payer.bytes))
        try await self.init(rows, isAll: true, transaction, state)
    }

    /// One channel; `nil` where there is none of this id.
    public init?(_ channel: Bytes32, _ transaction: Transaction, _ state: LogState) async throws {
        let rows = try await transaction.query(Self.query("c.channel_id = ", channel.bytes))
        try await self.init(rows, isAll: false, transaction, state)
    }

    private static func query(_ which: String, _ bytes: [UInt8]) -> SQL {
        """
        SELECT c.number, c.channel_id, c.payer, c.closed_at, c.deposited + c.refunded - c.withdrawn \
        - coalesce((SELECT sum(l.charged) FROM lanes AS l WHERE l.channel = c.number), 0) AS available \
        FROM channels AS c WHERE \(unescaped: which)\(bytes) ORDER BY c.channel_id
        """
    }

    private init?(_ rows: [Row], isAll: Bool, _ transaction: Transaction, _ state: LogState) async throws {
        guard let first = rows.first else { return nil }
        payer = try first.address("payer")
        self.isAll = isAll
        var channels = try rows.map { row in
            Channel(
                id: try row.hash("channel_id"), available: try row.amount("available"),
                number: try row.unsigned("number"), closedAt: try row.optionalUnsigned("closed_at"))
        }
        let closes = try await Self.close(&channels, transaction, state)
        exits = try await Self.withdrawals(from: channels.map(\.number), transaction) + closes
        self.channels = channels
        nodes =
            isAll
            ? try await NodeStore(transaction).all().filter { [payer] in $0.node.registration.payout == payer }
                .map { UInt64($0.node.number) } : []
    }

    /// Each withdrawal names what was taken out in all.
    private static func withdrawals(from channels: [UInt64], _ transaction: Transaction) async throws -> [Exit] {
        var before: [UInt64: Amount] = [:]
        return try await transaction.query(
            """
            SELECT log_index, channel, substring(words FROM 33 FOR 32) AS cumulative FROM channel_statements \
            WHERE channel = ANY(\(channels)) AND type_hash = \(Withdrawal.typeHash.bytes) ORDER BY log_index
            """
        ).map { row in
            let (index, channel) = (try row.unsigned("log_index"), try row.unsigned("channel"))
            guard let cumulative = try row.hash("cumulative").integer else {
                throw StorageCorruption("the withdrawal of leaf \(index) is of more than there is")
            }
            let amount = try Amount(cumulative).subtracting(before[channel] ?? .zero)
            before[channel] = Amount(cumulative)
            return Exit(channel: channel, index: index, isClose: false, amount: amount)
        }
    }

    /// Finds the leaves that closed channels: they name them by commitments, which the service can open.
    private static func close(
        _ channels: inout [Channel], _ transaction: Transaction, _ state: LogState
    ) async throws -> [Exit] {
        let places = Dictionary(grouping: channels.indices) { channels[$0].closedAt }
        let times = places.keys.compactMap(\.self)
        guard !times.isEmpty else { return [] }
        var exits: [Exit] = []
        let rows = try await transaction.query(
            """
            SELECT first_index, time, kind, bodies FROM log_blocks WHERE kind = \(UInt64(LeafKind.close.rawValue)) \
            AND kind <> 4 AND time = ANY(\(times)) ORDER BY first_index
            """)
        for row in rows {
            for leaf in try row.leaves() {
                let close = try LogBody.readClose(leaf.body)
                let salt = state.salt(of: leaf.index)
                let place = places[leaf.time]?.first {
                    Charge.commitment(to: channels[$0].id, salt: salt) == close.commitment
                }
                guard let place else { continue }
                channels[place].closedIndex = leaf.index
                exits.append(
                    Exit(
                        channel: channels[place].number, index: leaf.index, isClose: true, amount: close.returned))
            }
        }
        for channel in channels where channel.closedAt != nil && channel.closedIndex == UInt64(Int64.max) {
            throw StorageCorruption("no leaf closes channel \(channel.id), which is closed")
        }
        return exits
    }
}
