import Channels
import Ledger
public import Primitives
public import Rewards

/// A place between two entries of the journal, and between two leaves of the log: where a period ends.
public struct BooksPlace: Hashable, Sendable {
    /// The last entry before it; 0 where there is none.
    public let entry: UInt64
    /// How many leaves are before it.
    public let index: UInt64
    /// The log's time there, Unix seconds: what falls due by then is before the place.
    public let time: UInt64

    /// Names a place.
    public init(entry: UInt64, index: UInt64, time: UInt64) {
        self.entry = entry
        self.index = index
        self.time = time
    }
}

extension SolvencyStore {
    /// What was owed to every account and channel at a place, from what was recorded until then: the same whenever it is
    /// asked. Throws where the channels don't add up to the journal's balance there.
    ///
    /// - Parameter salt: the salt of an account.
    public func liabilities(at place: BooksPlace, salt: (String) -> Bytes32) async throws -> [Liability] {
        var found: [Liability] = []
        var expected = Amount.zero
        for (account, totals) in try await ReportStore(transaction).totals(before: place.entry + 1)
        where !account.isAsset {
            let owed = try totals.balance(of: account)
            if account == .channels {
                expected = owed
            } else if owed > .zero {
                found.append(Liability(account: account.name, salt: salt(account.name), amount: owed))
            }
        }
        var sum = Amount.zero
        try await forEachChannel(at: place) { channel, owed in
            let name = Self.account(of: channel)
            sum = try sum.adding(owed)
            if owed > .zero { found.append(Liability(account: name, salt: salt(name), amount: owed)) }
        }
        guard sum == expected else {
            throw StorageCorruption(
                "channels had \(sum) after entry \(place.entry), and the journal says \(expected)")
        }
        return found
    }

    /// What each channel had left that was not closed then: deposits + refunds − withdrawals − charges. As long as a channel
    /// is not closed, it gets every refund of its charges itself.
    private func forEachChannel(
        at place: BooksPlace, _ body: (_ channel: Bytes32, _ owed: Amount) throws -> Void
    ) async throws {
        let (index, withdrawal, close) = (place.index, Withdrawal.typeHash.bytes, CloseChannel.typeHash.bytes)
        try await transaction.forEachRow(
            """
            SELECT c.channel_id, coalesce(d.amount, 0) + coalesce(r.amount, 0) + coalesce(p.amount, 0) AS came, \
            coalesce(l.charged, 0) - coalesce(n.charged, 0) AS charged, w.words FROM channels AS c \
            LEFT JOIN (SELECT subject, sum(amount) AS amount FROM settlements \
            WHERE kind = 'deposit' AND log_index < \(index) GROUP BY subject) AS d ON d.subject = c.channel_id \
            LEFT JOIN (SELECT g.channel, sum(f.amount) AS amount FROM refunds AS f JOIN charges AS g ON g.number = f.charge \
            WHERE f.source <> 'pool' AND f.log_index < \(index) GROUP BY g.channel) AS r ON r.channel = c.number \
            LEFT JOIN (SELECT channel, sum(amount) AS amount FROM repayments WHERE log_index < \(index) \
            GROUP BY channel) AS p ON p.channel = c.number \
            LEFT JOIN (SELECT channel, sum(charged) AS charged FROM lanes GROUP BY channel) AS l ON l.channel = c.number \
            LEFT JOIN (SELECT g.channel, sum(g.base + g.congestion + coalesce(h.amount, 0) \
            + g.storage_per_day * (g.expiry_day - g.accepted_at / \(UTCDay.seconds))) AS charged FROM charges AS g \
            LEFT JOIN postage_holds AS h ON h.charge = g.number WHERE g.log_index >= \(index) \
            AND g.number >= (SELECT max(first_charge) FROM epochs WHERE first_index <= \(index)) \
            GROUP BY g.channel) AS n ON n.channel = c.number \
            LEFT JOIN (SELECT DISTINCT ON (channel) channel, words FROM channel_statements \
            WHERE type_hash = \(withdrawal) AND log_index < \(index) ORDER BY channel, log_index DESC) AS w \
            ON w.channel = c.number \
            LEFT JOIN channel_statements AS k ON k.channel = c.number AND k.type_hash = \(close) \
            WHERE c.closed_at IS NULL OR CASE WHEN k.log_index IS NULL THEN c.closed_at > \(place.time) \
            ELSE k.log_index >= \(index) END
            """
        ) { row in
            var owed = try row.amount("came").subtracting(try row.amount("charged"))
            if let words = try row.optionalBytes("words") {
                // The second word is what was withdrawn in all.
                owed = try owed.subtracting(Amount(words[48..<64].reduce(0) { $0 << 8 | UInt128($1) }))
            }
            try body(try row.hash("channel_id"), owed)
        }
    }
}
