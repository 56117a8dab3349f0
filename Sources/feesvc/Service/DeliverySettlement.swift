import Channels
import Ledger
import Primitives
import Rewards
import Storage

/// Decides base and congestion of an epoch's charges at its delivery cut, all in one batch: captured, base into the open
/// epoch's pool and congestion for the protocol, or, where the message never reached a majority of the holders, returned
/// with everything unspent.
struct DeliverySettlement {
    private let epoch: UInt64
    /// All that can be returned: a payer has to show that a node took the message.
    private let acknowledged: [HeldCharge]
    private let reports: [Delivered]
    private let holders: Int
    private var storage: StorageHolds
    private var entry: EntryDraft
    private var channels: [Bytes32: StoredChannel] = [:]
    private var returned: [Bytes32: Amount] = [:]
    private var refunds: [RefundRecord] = []
    private var voided: [(charge: UInt64, logIndex: UInt64)] = []
    private var voidedPostage: [(charge: UInt64, logIndex: UInt64)] = []

    init(epoch: UInt64, session: LogSession) async throws {
        self.epoch = epoch
        let transaction = session.transaction
        let start = session.state.genesis.epochs.beginning(of: epoch)
        acknowledged = try await ChargeStore(transaction).acknowledged(in: epoch)
        let members = Set(try await NodeStore(transaction).snapshot(at: start).map(\.node))
        reports = try await EpochStore(transaction).deliveries(of: epoch).filter { members.contains($0.node) }
        holders = members.count
        storage = try await HoldStore(transaction).storage()
        entry = EntryDraft(.cut, reference: "cut:\(epoch)")
    }

    /// Logs and posts the decisions; tells which channels got something back.
    func settle(_ session: inout LogSession) async throws -> [Bytes32] {
        var settlement = self
        try await settlement.run(&session)
        return Array(settlement.returned.keys)
    }

    private mutating func run(_ session: inout LogSession) async throws {
        let charges = ChargeStore(session.transaction)
        channels = try await ChannelStore(session.transaction).channels(acknowledged.map(\.channelID))
        for charge in acknowledged {
            let isUndelivered = DeliveryCut.isUndelivered(
                charge: charge.number, holders: holders, reports: reports, isAcknowledged: true)
            guard isUndelivered,
                let evidence = try await RefundStore(session.transaction).acknowledgement(of: charge.number)
            else { continue }
            try void(charge, evidence: evidence, &session)
        }
        let holds = HoldStore(session.transaction)
        try await holds.void(voided)
        try await holds.decidePostage(voidedPostage)
        if !voided.isEmpty { try await holds.replace(storage: storage) }

        let rest = try await charges.undecided(in: epoch)
        try entry.move(rest.base, from: .held(.base), to: .pool(session.state.openEpoch))
        try entry.move(rest.congestion, from: .held(.base), to: .protocolIncome)
        let cut = Cut(
            epoch: epoch, base: rest.base, congestion: rest.congestion, charges: rest.count,
            voided: UInt64(voided.count))
        let leaf = session.append(LeafDraft(.cut, cut.canonicalBytes))
        try session.post(entry)
        try await session.writeLeaves()

        try await RefundStore(session.transaction).keep(refunds)
        try await ChannelStore(session.transaction).credit(refunds: returned)
        let epochs = EpochStore(session.transaction)
        try await epochs.cut(epoch, index: leaf.index)
        try await epochs.add(
            to: session.state.openEpoch, refunded: try Amount.sum(refunds.map(\.amount)),
            captured: CapturedParts(base: rest.base, congestion: rest.congestion))
    }

    private mutating func void(_ charge: HeldCharge, evidence: [UInt8], _ session: inout LogSession) throws {
        let today = session.state.lastMidnight
        let days = charge.expiryDay > today ? UInt64(charge.expiryDay.number - today.number) : 0
        let unspent = try charge.storagePerDay.times(days)
        let base = try charge.base.adding(charge.congestion)
        let postage = charge.heldPostage ?? .zero
        let record = VoidedCharge(
            charge: charge.number, ground: .undelivered, base: base, storage: unspent, postage: postage,
            evidence: SHA256.hash(evidence))
        let leaf = session.append(LeafDraft(.void, record.canonicalBytes))
        voided.append((charge.number, leaf.index))
        if postage > .zero { voidedPostage.append((charge.number, leaf.index)) }
        if days > 0 { try storage.release(perDay: charge.storagePerDay, until: charge.expiryDay) }
        let account = refundAccount(of: charge.channelID)
        for (part, source, amount) in [
            ("base", LedgerAccount.held(.base), base), ("storage", .held(.storage), unspent),
            ("postage", .held(.postage), postage),
        ] where amount > .zero {
            try entry.move(amount, from: source, to: account)
            if account == .channels {
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
        guard let state = channels[channel]?.state, state.refundCredit == .payable else { return .channels }
        return .payable(state.payer)
    }
}
