import Channels
import Ledger
import Primitives
import Storage

/// What one transaction gives back: postings, and the rows that say so. Leaves are the caller's, before each ``add``.
struct RefundSettlement {
    /// The entry that moves the money.
    var entry: EntryDraft
    /// What moved, without what pools owe.
    private(set) var moved = Amount.zero
    private let channels: [Bytes32: StoredChannel]
    private var returned: [Bytes32: Amount] = [:]
    private var records: [RefundRecord] = []
    private var releases: [(charge: UInt64, release: ChargeHistory.Release)] = []
    private var releasedStorage: [UTCDay: Amount] = [:]
    private var decidedPostage: [(charge: UInt64, logIndex: UInt64)] = []
    private var loweredPostage: [(charge: UInt64, amount: Amount)] = []
    private var debts: [Debt] = []
    private var slashes: [(logIndex: UInt64, node: UInt32, amount: Amount)] = []

    /// Prepares refunds of charges that these channels paid.
    init(_ entry: EntryDraft, channels: [Bytes32: StoredChannel]) {
        self.entry = entry
        self.channels = channels
    }

    /// The channels that got something back.
    var changed: [Bytes32] { Array(returned.keys) }

    /// Takes in what the leaf at `index` gives back of a charge.
    ///
    /// `before` is the charge's standing without the decision, `node` whose stake gives.
    mutating func add(
        _ decision: RefundDecision, of charge: StoredHistory, before: ChargeStanding, evidence: [UInt8],
        node: RegisteredNode? = nil, index: UInt64, session: LogSession
    ) throws {
        let held = decision.held
        try give(try held.base.adding(held.congestion), from: .held(.base), to: charge.channelID)
        try give(held.storage, from: .held(.storage), to: charge.channelID)
        try give(held.postage, from: .held(.postage), to: charge.channelID)
        if let node {
            let amount = try decision.stake.total()
            try give(amount, from: .stake(node.registration.operatorAddress), to: charge.channelID)
            if amount > .zero { slashes.append((index, node.number, amount)) }
        }
        let number = charge.history.number
        if held.postage > .zero {
            if held.postage == before.postage.held {
                decidedPostage.append((number, index))
            } else {
                loweredPostage.append((number, held.postage))
            }
        }
        try release(decision, of: charge.history, before: before, index: index, today: session.state.lastMidnight)
        let owed = try decision.owed.total()
        if owed > .zero {
            debts.append(Debt(logIndex: index, channel: charge.channel, ground: decision.ground, amount: owed))
        }
        records += RefundRecord.records(
            of: decision, charge: number, evidence: evidence, logIndex: index, epoch: session.state.openEpoch)
    }

    private mutating func release(
        _ decision: RefundDecision, of charge: ChargeHistory, before: ChargeStanding, index: UInt64, today: UTCDay
    ) throws {
        guard decision.releasedPerDay > .zero else { return }
        let isPrice = decision.ground == .overcharged
        let day = isPrice ? charge.firstDay : max(today, charge.firstDay)
        releases.append(
            (
                charge.number,
                ChargeHistory.Release(
                    logIndex: index, perDay: decision.releasedPerDay, fromDay: day, isPrice: isPrice)
            ))
        guard before.storage.heldDays > 0 else { return }
        releasedStorage[charge.expiryDay] = try (releasedStorage[charge.expiryDay] ?? .zero)
            .adding(decision.releasedPerDay)
    }

    private mutating func give(_ amount: Amount, from source: LedgerAccount, to channel: Bytes32) throws {
        guard amount > .zero else { return }
        guard let state = channels[channel]?.state else { throw StorageCorruption("channel \(channel) is gone") }
        switch state.refundCredit {
        case .channel:
            try entry.move(amount, from: source, to: .channels)
            returned[channel] = try (returned[channel] ?? .zero).adding(amount)
        // A closed channel takes nothing any more: the money is the payer's to have paid out.
        case .payable: try entry.move(amount, from: source, to: .payable(state.payer))
        }
        moved = try moved.adding(amount)
    }

    /// Writes the rows. The entry is posted by the caller, which may have more to move.
    func write(_ session: inout LogSession) async throws {
        try await session.writeLeaves()
        let transaction = session.transaction
        let refunds = RefundStore(transaction)
        try await refunds.keep(records)
        try await refunds.keep(releases)
        let holds = HoldStore(transaction)
        try await holds.release(storage: releasedStorage)
        try await holds.decidePostage(decidedPostage)
        for (charge, amount) in loweredPostage { try await holds.giveUp(amount, ofPostage: charge) }
        try await DebtStore(transaction).add(debts)
        let nodes = NodeStore(transaction)
        for slash in slashes {
            try await nodes.slash(slash.node, slash.amount, at: session.state.time, logIndex: slash.logIndex)
        }
        try await ChannelStore(transaction).credit(refunds: returned)
        try await EpochStore(transaction).add(to: session.state.openEpoch, refunded: moved)
    }
}
