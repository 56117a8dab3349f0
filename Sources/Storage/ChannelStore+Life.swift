public import Channels
public import Primitives

/// What a payer signed for a channel, by its EIP-712 parts.
public struct ChannelStatement: Hashable, Sendable {
    /// keccak256 of the statement's encoded type.
    public let typeHash: Bytes32
    /// Its members as ABI words.
    public let words: [Bytes32]
    /// The payer's signature.
    public let signature: Signature

    /// Takes a statement apart.
    public init<Statement: TypedStatement>(_ statement: Statement, signature: Signature) {
        typeHash = Statement.typeHash
        words = statement.words
        self.signature = signature
    }
}

/// Openings, and what becomes of a channel after it.
extension ChannelStore {
    /// The most openings that hold no money.
    static let openingsMax: Int64 = 65_536
    /// Seconds after which an opening that holds no money is forgotten.
    static let openingSeconds: UInt64 = 7 * UTCDay.seconds

    /// Keeps an opening until money comes for it; one that is kept, or a channel already, changes nothing. Beyond
    /// ``openingsMax`` the oldest make room, so that a flood of them delays nobody but costs no more than this table.
    public func keep(_ opening: OpenChannel, id: Bytes32, at time: UInt64) async throws {
        try await lockOpening(id)
        let rows = try await transaction.query(
            """
            INSERT INTO openings (channel_id, payer, signer, opening, opened_at) SELECT \(id.bytes), \
            \(opening.payer.bytes), \(opening.signer.bytes), \(opening.opening.bytes), \(time) \
            WHERE NOT EXISTS (SELECT FROM channels WHERE channel_id = \(id.bytes)) \
            ON CONFLICT (channel_id) DO NOTHING RETURNING number
            """)
        guard let number = try rows.first?.int("number") else { return }
        let old = time > Self.openingSeconds ? time - Self.openingSeconds : 0
        _ = try await transaction.execute(
            """
            DELETE FROM openings WHERE number <= \(number - Self.openingsMax) OR number IN \
            (SELECT number FROM (SELECT number, opened_at FROM openings ORDER BY number LIMIT 16) AS oldest \
            WHERE opened_at < \(old))
            """)
    }

    /// The opening of a channel that holds no money.
    public func opening(_ id: Bytes32) async throws -> OpenChannel? {
        try await transaction.query("SELECT payer, signer, opening FROM openings WHERE channel_id = \(id.bytes)")
            .first.map { row in
                OpenChannel(
                    payer: try row.address("payer"), signer: try row.address("signer"),
                    opening: try row.hash("opening"))
            }
    }

    /// Makes a channel of an opening, for which money has come; it holds nothing yet.
    public func begin(_ opening: OpenChannel, id: Bytes32, at time: UInt64) async throws -> StoredChannel {
        try await lockOpening(id)
        _ = try await transaction.execute("DELETE FROM openings WHERE channel_id = \(id.bytes)")
        let rows = try await transaction.query(
            """
            INSERT INTO channels (channel_id, payer, signer, opening, stage, opened_at) VALUES (\(id.bytes), \
            \(opening.payer.bytes), \(opening.signer.bytes), \(opening.opening.bytes), 'opening', \(time)) \
            RETURNING number
            """)
        guard let row = rows.first else { throw StorageCorruption("channel \(id) was not written") }
        return StoredChannel(number: try row.unsigned("number"), state: ChannelState(opening, id: id))
    }

    /// Keeps an opening that is sent again while its channel begins from staying behind: neither sees what the other has not
    /// committed. Held to the transaction's end; another id with the same first bytes only waits.
    private func lockOpening(_ id: Bytes32) async throws {
        let first = id.bytes.prefix(4).reduce(Int64(0)) { $0 << 8 | Int64($1) }
        _ = try await transaction.query(
            "SELECT pg_advisory_xact_lock('openings'::regclass::oid::INTEGER, \(first - 2_147_483_648)::INTEGER)")
    }

    /// Writes where a channel is in its life and what came and went; its lanes are written by ``write(new:used:)``, its
    /// delegates by ``write(_:of:channel:)``.
    public func write(_ channel: StoredChannel, at time: UInt64) async throws {
        let state = channel.state
        let changed = try await transaction.execute(
            """
            UPDATE channels SET stage = \(state.stage.rawValue), closes_at = \(state.closesAt), \
            closed_at = \(state.stage == .closed ? time : nil), nonce = \(state.nonce), \
            signer_revoked = \(state.isSignerRevoked), deposited = \(state.deposited.units), \
            refunded = \(state.refunded.units), withdrawn = \(state.withdrawn.units) \
            WHERE number = \(channel.number)
            """)
        guard changed == 1 else { throw StorageCorruption("channel \(state.id) is gone") }
    }

    /// Writes what `signer` may sign now; `nil` is nothing.
    public func write(_ authority: SignerAuthority?, of signer: Address, channel: UInt64) async throws {
        guard let authority else {
            _ = try await transaction.execute(
                """
                UPDATE channel_signers SET is_revoked = TRUE \
                WHERE channel = \(channel) AND signer = \(signer.bytes)
                """)
            return
        }
        let expires = UInt128(authority.expires)
        _ = try await transaction.execute(
            """
            INSERT INTO channel_signers (channel, signer, lane, ceiling, expires, is_revoked) VALUES (\(channel), \
            \(signer.bytes), \(authority.lane.map { UInt64($0) }), \(authority.ceiling.units), \(expires), FALSE) \
            ON CONFLICT (channel, signer) DO UPDATE SET lane = EXCLUDED.lane, ceiling = EXCLUDED.ceiling, \
            expires = EXCLUDED.expires, is_revoked = FALSE
            """)
    }

    /// Everybody to whom a channel's payer ever delegated.
    public func everDelegated(_ channel: UInt64) async throws -> Set<Address> {
        Set(try await signers(of: [channel]).map { try $0.address("signer") })
    }

    func signers(of channels: [UInt64]) async throws -> [Row] {
        guard !channels.isEmpty else { return [] }
        return try await transaction.query(
            "SELECT * FROM channel_signers WHERE channel = ANY(\(channels)) ORDER BY channel, signer")
    }

    /// Keeps what a payer signed, with the leaf that logs its digest.
    public func keep(_ statement: ChannelStatement, channel: UInt64, logIndex: UInt64) async throws {
        _ = try await transaction.execute(
            """
            INSERT INTO channel_statements (log_index, channel, type_hash, words, signature) VALUES (\(logIndex), \
            \(channel), \(statement.typeHash.bytes), \(statement.words.flatMap(\.bytes)), \
            \(statement.signature.bytes))
            """)
    }

    /// When the next closing channel ends.
    public func nextClose() async throws -> UInt64? {
        try await transaction.query("SELECT min(closes_at) AS due FROM channels WHERE stage = 'closing'")
            .first?.optionalUnsigned("due")
    }

    /// Channels whose close is due by `time`, in the order in which they are.
    public func closing(by time: UInt64, limit: Int) async throws -> [StoredChannel] {
        let rows = try await transaction.query(
            """
            SELECT channel_id FROM channels WHERE stage = 'closing' AND closes_at <= \(time) \
            ORDER BY closes_at, number LIMIT \(limit)
            """)
        let found = try await channels(rows.map { row in try row.hash("channel_id") })
        return found.values.sorted { $0.number < $1.number }
    }
}
