import Channels
import Ledger
public import Primitives
public import Rewards

/// Reads everything that is owed.
public struct SolvencyStore: Sendable {
    let transaction: Transaction

    /// Reads within a transaction, one snapshot for all of it.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// What every account of the ledger is owed, each channel by itself; what is owed nothing is left out.
    ///
    /// - Parameter salt: the salt of an account.
    public func liabilities(salt: (String) -> Bytes32) async throws -> [Liability] {
        var found: [Liability] = []
        for (account, totals) in try await LedgerStore(transaction).storedTotals()
        where !account.isAsset && account != .channels {
            let owed = try totals.balance(of: account)
            if owed > .zero { found.append(Liability(account: account.name, salt: salt(account.name), amount: owed)) }
        }
        try await transaction.forEachRow(
            """
            SELECT c.channel_id, c.deposited + c.refunded - c.withdrawn \
            - coalesce((SELECT sum(l.charged) FROM lanes AS l WHERE l.channel = c.number), 0) AS owed FROM channels AS c
            """
        ) { row in
            let owed = try row.amount("owed")
            guard owed > .zero else { return }
            let name = Self.account(of: try row.hash("channel_id"))
            found.append(Liability(account: name, salt: salt(name), amount: owed))
        }
        return found
    }

    /// What a channel is called among liabilities.
    public static func account(of channel: Bytes32) -> String { "channel:\(channel.hex)" }
}

extension LogState {
    /// The salt of an account among the liabilities after an entry; whoever lacks the service's secret can't guess it.
    public func liabilitySalt(of account: String, after entry: UInt64) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/liability-salt/1")
        encoder.append(saltSecret)
        encoder.append(entry)
        encoder.append(account)
        return SHA256.hash(encoder.bytes)
    }
}
