public import Channels
public import Ledger
public import Primitives
public import Rewards

/// A registered node and what it has earned and claimed.
public struct StoredNode: Sendable {
    /// The registration.
    public let node: RegisteredNode
    /// When it was registered.
    public let registeredAt: UInt64
    /// All its rewards, and what corrections gave to it.
    public let cumulative: Amount
    /// What of them was claimed, or taken back by corrections.
    public let claimed: Amount
    /// What its stake gave, and when.
    public let slashes: [(time: UInt64, amount: Amount)]
    /// Epochs whose snapshots leave it out.
    public let absences: Absences

    /// Whether it is in an epoch's snapshot: it was registered by then, and had been heard of.
    public func isMember(of epoch: UInt64, _ clock: EpochClock) -> Bool {
        registeredAt <= clock.beginning(of: epoch) && !absences.contains(epoch)
    }

    /// The node as the snapshot of an epoch that begins at `start` holds it: what its stake gave by then is gone.
    public func participant(at start: UInt64) throws -> Participant {
        let lost = try Amount.sum(slashes.filter { $0.time <= start }.map(\.amount))
        let registration = node.registration
        return Participant(
            node: node.number, operatorAddress: registration.operatorAddress, payout: registration.payout,
            stake: lost < registration.stake ? try registration.stake.subtracting(lost) : .zero)
    }
}

/// The registry of nodes.
public struct NodeStore: Sendable {
    let transaction: Transaction

    /// Works within a transaction.
    public init(_ transaction: Transaction) {
        self.transaction = transaction
    }

    /// Every node by number.
    public func all() async throws -> [StoredNode] {
        var slashes: [UInt64: [(time: UInt64, amount: Amount)]] = [:]
        for row in try await transaction.query("SELECT node, time, amount FROM slashes ORDER BY log_index") {
            slashes[try row.unsigned("node"), default: []].append(
                (try row.unsigned("time"), try row.amount("amount")))
        }
        let absences = try await absences(through: UInt64(Int64.max))
        return try await transaction.query("SELECT * FROM nodes ORDER BY number").map { row in
            let number = try row.unsigned("number")
            return StoredNode(
                node: try RegisteredNode(canonicalBytes: try row.bytes("body")),
                registeredAt: try row.unsigned("registered_at"), cumulative: try row.amount("cumulative"),
                claimed: try row.amount("claimed"), slashes: slashes[number] ?? [],
                absences: absences[UInt32(clamping: number)] ?? Absences())
        }
    }

    /// The nodes in an epoch's snapshot.
    public func snapshot(of epoch: UInt64, _ clock: EpochClock) async throws -> [Participant] {
        let start = clock.beginning(of: epoch)
        return try await all().filter { $0.isMember(of: epoch, clock) }.map { try $0.participant(at: start) }
    }

    /// Writes a new node.
    public func insert(_ node: RegisteredNode, at time: UInt64, logIndex: UInt64) async throws {
        _ = try await transaction.execute(
            """
            INSERT INTO nodes (number, operator, node_key, body, registered_at, log_index) VALUES \
            (\(UInt64(node.number)), \(node.registration.operatorAddress.bytes), \
            \(node.registration.nodeKey.bytes), \(node.canonicalBytes), \(time), \(logIndex))
            """)
    }

    /// What leaves below `index` took of stakes, by node.
    public func slashed(before index: UInt64) async throws -> [UInt32: Amount] {
        let rows = try await transaction.query(
            "SELECT node, sum(amount) AS amount FROM slashes WHERE log_index < \(index) GROUP BY node")
        var slashed: [UInt32: Amount] = [:]
        for row in rows { slashed[UInt32(clamping: try row.unsigned("node"))] = try row.amount("amount") }
        return slashed
    }

    /// Takes something out of a node's stake.
    public func slash(_ node: UInt32, _ amount: Amount, at time: UInt64, logIndex: UInt64) async throws {
        let units = amount.units
        _ = try await transaction.execute(
            """
            INSERT INTO slashes (log_index, node, time, amount) VALUES (\(logIndex), \(UInt64(node)), \(time), \(units))
            """)
    }

    /// Adds an epoch's rewards.
    public func credit(_ rows: [RewardRow]) async throws {
        _ = try await transaction.execute(
            """
            UPDATE nodes AS n SET cumulative = n.cumulative + r.reward FROM unnest(\(rows.map { UInt64($0.node) }), \
            \(rows.map(\.reward.units))) AS r (node, reward) WHERE n.number = r.node
            """)
    }

    /// Records a paid claim.
    public func record(_ claim: RewardClaim, paid: Amount, logIndex: UInt64, inEpoch: UInt64) async throws {
        _ = try await transaction.execute(
            "UPDATE nodes SET claimed = claimed + \(paid.units) WHERE number = \(UInt64(claim.node))")
        _ = try await transaction.execute(
            """
            INSERT INTO claims (log_index, epoch, node, cumulative, paid, in_epoch) VALUES (\(logIndex), \
            \(claim.epoch), \(UInt64(claim.node)), \(claim.cumulative.units), \(paid.units), \(inEpoch))
            """)
    }

    /// A ledger account's balance.
    public func balance(of account: LedgerAccount) async throws -> Amount {
        let rows = try await transaction.query(
            "SELECT debits, credits FROM ledger_accounts WHERE name = \(account.name)")
        guard let row = rows.first else { return .zero }
        return try AccountTotals(debits: try row.amount("debits"), credits: try row.amount("credits"))
            .balance(of: account)
    }
}
