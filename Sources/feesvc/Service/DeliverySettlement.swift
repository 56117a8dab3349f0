import Channels
import Ledger
import Primitives
import Rewards
import Storage

/// Decides base and congestion of an epoch's charges at its delivery cut, all in one batch: captured into the open
/// epoch's pool, or, where the message never reached a majority of the holders, returned with everything unspent.
struct DeliverySettlement {
    private let epoch: UInt64
    private let charges: [HeldCharge]
    private let reports: [Delivered]
    private let holders: Int
    private var storage: StorageHolds
    private var entry: EntryDraft
    private var channels: [Bytes32: ChannelState] = [:]
    private var returned: [Bytes32: Amount] = [:]
    private var refunds: [RefundRecord] = []
    private var voided: [(number: UInt64, logIndex: UInt64)] = []

    init(epoch: UInt64, session: LogSession) async throws {
        self.epoch = epoch
        let transaction = session.transaction
        let start = session.state.genesis.epochs.beginning(of: epoch)
        charges = try await ChargeStore(transaction).undecided(in: epoch)
        let members = Set(try await NodeStore(transaction).snapshot(at: start).map(\.node))
        reports = try await EpochStore(transaction).deliveries(of: epoch).filter { members.contains($0.node) }
        holders = members.count
        storage = try await ChargeStore(transaction).storageHolds()
        entry = EntryDraft(.cut, reference: "cut:\(epoch)")
    }

    /// Logs and posts the decisions.
    func settle(_ session: inout LogSession) async throws {
        var settlement = self
        try await settlement.run(&session)
    }

    private mutating func run(_ session: inout LogSession) async throws {
        var captured = Amount.zero
        let store = ChargeStore(session.transaction)
        for charge in charges {
            let isUndelivered = DeliveryCut.isUndelivered(
                charge: charge.number, holders: holders, reports: reports, isAcknowledged: charge.isAcknowledged)
            if isUndelivered, let evidence = try await store.acknowledgement(of: charge.number) {
                if channels[charge.channelID] == nil {
                    channels[charge.channelID] = try await ChannelStore(session.transaction).channel(charge.channelID)
                }
                try void(charge, evidence: evidence, &session)
            } else {
                captured = try captured.adding(charge.base)
            }
        }
        try entry.move(captured, from: .held(.base), to: .pool(session.state.openEpoch))
        let cut = Cut(
            epoch: epoch, captured: captured, charges: UInt64(charges.count - voided.count),
            voided: UInt64(voided.count))
        let leaf = session.append(LeafDraft(.cut, cut.canonicalBytes))
        try session.post(entry)
        try await session.writeLeaves()

        try await store.decideBase(in: epoch, cutIndex: leaf.index, voided: voided)
        try await store.keep(refunds: refunds)
        if !voided.isEmpty { try await store.replace(storageHolds: storage) }
        try await ChannelStore(session.transaction).credit(refunds: returned)
        let epochs = EpochStore(session.transaction)
        try await epochs.cut(epoch, index: leaf.index)
        try await epochs.add(
            to: session.state.openEpoch, refunded: try Amount.sum(refunds.map(\.amount)),
            captured: CapturedParts(base: captured))
    }

    private mutating func void(_ charge: HeldCharge, evidence: [UInt8], _ session: inout LogSession) throws {
        let today = session.state.lastMidnight
        let days = charge.expiryDay > today ? UInt64(charge.expiryDay.number - today.number) : 0
        let unspent = try charge.storagePerDay.times(days)
        let record = VoidedCharge(
            charge: charge.number, ground: .undelivered, base: charge.base, storage: unspent,
            postage: charge.postageHeld, evidence: SHA256.hash(evidence))
        let leaf = session.append(LeafDraft(.void, record.canonicalBytes))
        voided.append((charge.number, leaf.index))
        if days > 0 { try storage.release(perDay: charge.storagePerDay, until: charge.expiryDay) }
        let account = refundAccount(of: charge.channelID)
        for (part, source, amount) in [
            ("base", LedgerAccount.held(.base), charge.base), ("storage", .held(.storage), unspent),
            ("postage", .held(.postage), charge.postageHeld),
        ] where amount > .zero {
            try entry.move(amount, from: source, to: account)
            if account == .channel(charge.channelID) {
                returned[charge.channelID] = try (returned[charge.channelID] ?? .zero).adding(amount)
            }
            refunds.append(
                RefundRecord(
                    charge: charge.number, part: part, ground: .undelivered, amount: amount, evidence: evidence,
                    logIndex: leaf.index, epoch: session.state.openEpoch))
        }
    }

    /// Where money of a channel goes back to: the channel, or what is payable to its payer once it is closed.
    private func refundAccount(of channel: Bytes32) -> LedgerAccount {
        guard let state = channels[channel], state.stage == .closed else { return .channel(channel) }
        return .payable(state.payer)
    }
}
