import Channels
import Primitives

/// The rows that hold every movement of money of some channels, made one out of the tables in which each kind stands.
enum MovementSQL {
    /// `tail` selects from `movements` and `period`, a row with `first` and `after`: the leaves of the period.
    static func select(_ tail: String, from payer: PayerChannels, in leaves: Range<UInt64>) -> SQL {
        let channels = payer.channels
        let exits = payer.exits
        return """
            WITH period AS (SELECT \(leaves.lowerBound) AS first, \(leaves.upperBound) AS after), \
            chosen AS (SELECT * FROM unnest(\(channels.map(\.number)), \(channels.map(\.id.bytes)), \
            \(channels.map(\.closedIndex))) AS c (channel, id, closed_index)), \
            exits AS (SELECT * FROM unnest(\(exits.map(\.channel)), \(exits.map(\.index)), \
            \(exits.map { $0.isClose ? "close" : "withdrawal" }), \(exits.map(\.amount.units))) \
            AS e (channel, log_index, cause, amount)), \
            own AS (SELECT \(payer.isAll) AS is_all, \(payer.payer.bytes) AS account, \(payer.nodes) AS nodes), \
            mine AS MATERIALIZED (SELECT c.*, r.restored_at, coalesce(r.restored_at, c.accepted_at) / 86400 AS held_from \
            FROM (SELECT number, log_index, channel, accepted_at, accepted_at / 86400 AS first_day, expiry_day, base, \
            congestion, storage_per_day AS daily FROM charges WHERE channel = ANY(\(payer.numbers))) AS c \
            LEFT JOIN (SELECT charge, (\(unescaped: leafTime("s.log_index"))) AS restored_at \
            FROM restored_charges JOIN charges AS s ON s.number = charge) AS r ON r.charge = c.number), \
            \(unescaped: midnights), movements (log_index, step, time, cause, ground, channel, base, congestion, \
            storage, postage, whole, is_payable) AS (\(unescaped: union)) \(unescaped: tail)
            """
    }

    /// The time of a leaf.
    static func leafTime(_ index: String) -> String {
        "SELECT b.time FROM log_blocks AS b WHERE b.first_index <= \(index) ORDER BY b.first_index DESC LIMIT 1"
    }

    /// What each midnight captured of each channel: a running sum of what begins and ends on each day, instead of a row for
    /// each day of each charge.
    ///
    /// A lower price counts from the midnight after the leaf that says so on, and days that were given up end it; both only
    /// as far as days are left.
    private static let midnights =
        """
        let_go AS (SELECT number, channel, day + 1 AS day, log_index, full_price, CASE WHEN bool_or(NOT is_price) OVER w \
        THEN 0 ELSE full_price - sum(per_day) OVER w END AS daily FROM (SELECT m.number, m.channel, m.daily AS full_price, \
        r.log_index, r.per_day, r.is_price, CASE WHEN r.is_price \
        THEN (\(leafTime("r.log_index"))) / 86400 ELSE r.from_day END AS day, m.expiry_day \
        FROM releases AS r JOIN mine AS m ON m.number = r.charge) AS r WHERE day < expiry_day \
        WINDOW w AS (PARTITION BY number ORDER BY log_index)), \
        steps AS (SELECT channel, held_from + 1 AS day, daily AS change FROM mine WHERE expiry_day > held_from \
        UNION ALL SELECT channel, day, \
        daily - lag(daily, 1, full_price) OVER (PARTITION BY number ORDER BY log_index) FROM let_go \
        UNION ALL SELECT m.channel, m.expiry_day + 1, -coalesce(l.daily, m.daily) FROM mine AS m LEFT JOIN \
        (SELECT DISTINCT ON (number) number, daily FROM let_go ORDER BY number, log_index DESC) AS l \
        ON l.number = m.number WHERE m.expiry_day > m.held_from), \
        midnights AS (SELECT first_index AS log_index, time, time / 86400 AS day FROM log_blocks \
        WHERE kind = \(LeafKind.midnight.rawValue) AND kind <> 4), \
        captured AS (SELECT channel, day, sum(sum(change)) OVER (PARTITION BY channel ORDER BY day) AS amount \
        FROM (SELECT * FROM steps UNION ALL SELECT c.channel, m.day, 0 FROM midnights AS m, chosen AS c) AS s \
        GROUP BY channel, day)
        """

    private static let union = [
        """
        SELECT s.log_index, 0, NULL::BIGINT, CASE WHEN row_number() OVER (PARTITION BY s.subject ORDER BY s.log_index) = 1 \
        THEN 'deposit' ELSE 'topup' END, 0, c.channel, 0::NUMERIC, 0::NUMERIC, 0::NUMERIC, 0::NUMERIC, s.amount::NUMERIC, \
        s.log_index > c.closed_index FROM settlements AS s JOIN chosen AS c ON c.id = s.subject WHERE s.kind = 'deposit'
        """,
        """
        SELECT m.log_index, 0, coalesce(m.restored_at, m.accepted_at), 'charge', 0, m.channel, m.base, m.congestion, \
        m.daily * (m.expiry_day - m.first_day), coalesce(p.amount, 0), 0, FALSE \
        FROM mine AS m LEFT JOIN postage_holds AS p ON p.charge = m.number
        """,
        // What the midnights before would have captured of a charge that was restored.
        """
        SELECT log_index, 1, restored_at, 'midnight', 0, channel, 0, 0, \
        daily * (least(held_from, expiry_day) - first_day), 0, 0, FALSE FROM mine \
        WHERE restored_at IS NOT NULL AND held_from > first_day AND expiry_day > first_day
        """,
        """
        SELECT m.log_index, 0, m.time, 'midnight', 0, c.channel, 0, 0, c.amount, 0, 0, FALSE \
        FROM captured AS c JOIN midnights AS m ON m.day = c.day WHERE c.amount <> 0
        """,
        """
        SELECT e.cut_index, 0, NULL, 'cut', 0, m.channel, sum(m.base - coalesce(r.base, 0)), \
        sum(m.congestion - coalesce(r.congestion, 0)), 0, 0, 0, FALSE FROM mine AS m \
        JOIN epochs AS e ON m.number >= e.first_charge AND m.number < e.end_charge AND e.cut_index IS NOT NULL \
        LEFT JOIN voids AS v ON v.charge = m.number AND v.log_index < e.cut_index \
        LEFT JOIN (SELECT charge, sum(amount) FILTER (WHERE part = 'base') AS base, \
        sum(amount) FILTER (WHERE part = 'congestion') AS congestion FROM refunds \
        WHERE source = 'hold' AND charge IN (SELECT number FROM mine) GROUP BY charge) AS r ON r.charge = m.number \
        WHERE v.charge IS NULL GROUP BY e.cut_index, m.channel
        """,
        """
        SELECT p.decided_index, 0, NULL, 'postage', 0, m.channel, 0, 0, 0, p.amount - p.given_up, 0, FALSE \
        FROM mine AS m JOIN postage_holds AS p ON p.charge = m.number WHERE p.decided_index IS NOT NULL \
        AND NOT EXISTS (SELECT FROM refunds AS r WHERE r.charge = m.number AND r.part = 'postage' \
        AND r.source = 'hold' AND r.log_index = p.decided_index)
        """,
        """
        SELECT r.log_index, 0, NULL, CASE r.source WHEN 'hold' THEN 'refund' ELSE 'stake' END, r.ground, m.channel, \
        coalesce(sum(r.amount) FILTER (WHERE r.part = 'base'), 0), \
        coalesce(sum(r.amount) FILTER (WHERE r.part = 'congestion'), 0), \
        coalesce(sum(r.amount) FILTER (WHERE r.part = 'storage'), 0), \
        coalesce(sum(r.amount) FILTER (WHERE r.part = 'postage'), 0), 0, r.log_index > c.closed_index \
        FROM refunds AS r JOIN mine AS m ON m.number = r.charge JOIN chosen AS c ON c.channel = m.channel \
        WHERE r.source <> 'pool' GROUP BY r.log_index, r.source, r.ground, m.channel, c.closed_index
        """,
        """
        SELECT r.log_index, 0, NULL, 'repayment', d.ground, d.channel, 0, 0, 0, 0, sum(r.amount), \
        r.log_index > c.closed_index FROM repayments AS r \
        JOIN debts AS d ON d.log_index = r.debt AND d.channel = r.channel JOIN chosen AS c ON c.channel = r.channel \
        GROUP BY r.log_index, d.ground, d.channel, c.closed_index
        """,
        "SELECT log_index, 0, NULL, cause, 0, channel, 0, 0, 0, 0, amount, FALSE FROM exits WHERE amount > 0",
        """
        SELECT c.log_index, 0, NULL, 'claim', 0, NULL, 0, 0, 0, 0, c.paid, FALSE FROM claims AS c, own \
        WHERE c.node = ANY(own.nodes)
        """,
        """
        SELECT s.log_index, 0, NULL, 'payout', 0, NULL, 0, 0, 0, 0, s.amount, FALSE FROM settlements AS s, own \
        WHERE own.is_all AND s.kind = 'payout' AND s.subject = own.account
        """,
    ].joined(separator: " UNION ALL ")
}
