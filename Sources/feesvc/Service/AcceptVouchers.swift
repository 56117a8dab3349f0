import Channels
import Ledger
import Primitives
import Storage

/// A voucher whose form is good, with the address that its signature recovers to.
struct RecoveredVoucher: Sendable {
    let signed: SignedVoucher
    let signer: Address
}

/// What became of a voucher: the log indexes of its items' charges, or why not.
typealias VoucherDecision = Result<[UInt64], VoucherRefusal>

extension FeeService {
    /// What can be told of a voucher without the database: its form, then its signature.
    nonisolated func recover(_ signed: SignedVoucher) throws(VoucherRefusal) -> RecoveredVoucher {
        try admission.checkForm(signed, now: clock.now)
        do {
            return RecoveredVoucher(
                signed: signed, signer: try signed.signature.recover(domain.digest(of: signed.voucher)))
        } catch {
            throw .unknownChannelOrSigner
        }
    }

    /// Decides on a batch of vouchers of any channels in one transaction, with one ledger entry.
    func accept(_ batch: [RecoveredVoucher]) async throws -> [VoucherDecision] {
        let (decisions, due) = try await write { session in
            var acceptance = try await Acceptance(batch, session: session, domain: domain, admission: admission)
            let decisions = try batch.map { voucher throws(AmountError) in try acceptance.decide(voucher, &session) }
            try await acceptance.store(&session)
            return (decisions, acceptance.firstPostageDue)
        }
        if let due { postageNotDueBefore = min(postageNotDueBefore, due) }
        return decisions
    }
}

/// One batch being decided: channels as the batch changes them, and what it will write.
private struct Acceptance {
    private let admission: Admission
    private let schedule: FeeSchedule
    private let time: UInt64
    private let clock: EpochClock
    private var channels: [Bytes32: ChannelState]
    private var charged: [Bytes32: [Bytes32: UInt64]]
    private var charges: [StoredCharge] = []
    private var vouchers: [SignedVoucher] = []
    private var touched: Set<Bytes32> = []
    private var storage: [UTCDay: Amount] = [:]
    private var total = Amount.zero
    private var entry: EntryDraft

    init(_ batch: [RecoveredVoucher], session: LogSession, domain: EIP712Domain, admission: Admission) async throws {
        self.admission = admission
        time = session.state.time
        clock = session.state.genesis.epochs
        schedule = try await InstanceStore(session.transaction).schedule(at: time)
        channels = try await ChannelStore(session.transaction).lock(batch.map(\.signed.voucher.channelID))
        charged = try await ChargeStore(session.transaction).charged(
            batch.flatMap { voucher in
                voucher.signed.items.map { (voucher.signed.voucher.channelID, $0.envelopeHash) }
            })
        entry = EntryDraft(.charge, reference: "charges:\(session.state.chargeCount + 1)")
    }

    var firstPostageDue: UInt64? { charges.compactMap(\.postageDue).min() }

    mutating func decide(_ voucher: RecoveredVoucher, _ session: inout LogSession) throws(AmountError)
        -> VoucherDecision
    {
        let id = voucher.signed.voucher.channelID
        guard let channel = channels[id] else { return .failure(.unknownChannelOrSigner) }
        let admitted: Admitted
        do {
            // Version 1 charges no congestion: its units are 0 whatever the log's rate.
            admitted = try admission.admit(
                voucher.signed, signer: voucher.signer, channel: channel,
                charged: Set((charged[id] ?? [:]).keys), schedule: schedule, congestion: 0, now: time)
        } catch {
            return .failure(error)
        }
        if let lane = admitted.lane {
            channels[id]?.lanes[voucher.signed.voucher.lane] = lane
            touched.insert(id)
            vouchers.append(voucher.signed)
            for priced in admitted.charges { try charge(priced, by: voucher.signed.voucher, &session) }
        }
        return .success(voucher.signed.items.compactMap { charged[id]?[$0.envelopeHash] })
    }

    private mutating func charge(
        _ priced: PricedItem, by voucher: Voucher, _ session: inout LogSession
    ) throws(AmountError) {
        let item = priced.item
        let index = session.nextIndex
        let salt = session.state.salt(of: index)
        let charge = Charge(
            number: session.takeChargeNumber(), epoch: session.state.openEpoch,
            commitment: Charge.commitment(to: voucher.channelID, salt: salt), envelopeHash: item.envelopeHash,
            bytes: item.bytes, expiryDay: item.expiryDay, schedule: schedule.version, price: priced.price,
            publishBy: clock.publishBy(acceptedAt: time))
        session.append(LeafDraft(.charge, charge.canonicalBytes))
        charged[voucher.channelID, default: [:]][item.envelopeHash] = index
        charges.append(
            StoredCharge(
                charge: charge, logIndex: index, acceptedAt: time, channelID: voucher.channelID, lane: voucher.lane,
                sequence: voucher.sequence, maxFee: item.maxFee,
                postageDue: priced.price.postage > .zero ? time + schedule.postageWindow : nil))

        let perDay = try charge.storagePerDay(acceptedAt: time)
        storage[item.expiryDay] = try (storage[item.expiryDay] ?? .zero).adding(perDay)
        total = try total.adding(try priced.price.total)
        let payer = LedgerAccount.channel(voucher.channelID)
        try entry.move(try priced.price.base.adding(priced.price.congestion), from: payer, to: .held(.base))
        try entry.move(priced.price.storage, from: payer, to: .held(.storage))
        try entry.move(priced.price.postage, from: payer, to: .held(.postage))
    }

    mutating func store(_ session: inout LogSession) async throws {
        guard !charges.isEmpty else { return }
        try session.post(entry)
        try await session.writeLeaves()
        let channelStore = ChannelStore(session.transaction)
        let chargeStore = ChargeStore(session.transaction)
        try await channelStore.keep(vouchers)
        try await channelStore.write(
            touched.sorted().flatMap { id in
                (channels[id]?.lanes ?? [:]).map { (channel: id, lane: $0.key, state: $0.value) }
            })
        try await chargeStore.insert(charges)
        try await chargeStore.hold(storage: storage)
        try await EpochStore(session.transaction).add(to: session.state.openEpoch, charged: total)
    }
}
