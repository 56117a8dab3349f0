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
    /// Decides on a batch of vouchers of any channels in one transaction, with one ledger entry.
    ///
    /// That an envelope was paid before is looked up only where a sequence is not new, for that is how a payer who lost an
    /// answer asks again. Where another voucher pays for a paid envelope, the database says so, or its refusal makes it be
    /// looked up, and the batch is decided once more with everything looked up.
    func accept(_ batch: [RecoveredVoucher]) async throws -> [VoucherDecision] {
        do {
            return try await accept(batch, lookingUp: .sequencesUsed)
        } catch PostgresError.server(let failure) where failure.constraint == ChargeStore.paidOnce {
            return try await accept(batch, lookingUp: .everything)
        } catch is BatchAcceptance.RefusedThoughPaid {
            return try await accept(batch, lookingUp: .everything)
        }
    }

    private func accept(
        _ batch: [RecoveredVoucher], lookingUp lookup: BatchAcceptance.Lookup
    ) async throws -> [VoucherDecision] {
        let acceptance = try await write { session in
            var acceptance = try await BatchAcceptance(
                batch, lookup, session: session, known: channels, domain: domain, admission: admission)
            try acceptance.decide(batch, &session)
            try await acceptance.lookUpRefused(batch, session)
            try await acceptance.store(&session)
            return acceptance
        } committed: { acceptance in
            channels.keep(acceptance.channels.values)
            if let due = acceptance.firstPostageDue { postageNotDueBefore = min(postageNotDueBefore, due) }
        }
        return acceptance.decisions
    }
}

/// One batch being decided: channels as the batch changes them, and what it will write.
struct BatchAcceptance {
    /// Which items are looked up among those charged before.
    enum Lookup {
        /// Those of vouchers whose sequence is not above their lane's.
        case sequencesUsed
        /// All.
        case everything
    }

    /// A voucher was refused over an envelope that was paid before, which costs nothing again.
    struct RefusedThoughPaid: Error {}

    private(set) var channels: [Bytes32: StoredChannel]
    private(set) var decisions: [VoucherDecision] = []
    private let admission: Admission
    private let schedule: FeeSchedule
    private let time: UInt64
    private let clock: EpochClock
    /// The places in the batch of the vouchers whose items were looked up.
    private let lookedUp: Set<Int>
    private var charged: [UInt64: [Bytes32: UInt64]]
    private var charges: [StoredCharge] = []
    private var vouchers: [StoredVoucher] = []
    /// The lanes that change, and whether each was used before the batch.
    private var lanes: [LaneKey: Bool] = [:]
    private var storage: [UTCDay: Amount] = [:]
    private var total = Price(base: .zero, storage: .zero, congestion: .zero, postage: .zero)

    private struct LaneKey: Hashable {
        let channel: Bytes32
        let lane: UInt32
    }

    init(
        _ batch: [RecoveredVoucher], _ lookup: Lookup, session: LogSession, known: ChannelCache, domain: EIP712Domain,
        admission: Admission
    ) async throws {
        self.admission = admission
        time = session.state.time
        clock = session.state.genesis.epochs
        schedule = try session.state.schedule
        var channels = known.channels(batch.lazy.map(\.signed.voucher.channelID))
        let missing = Set(batch.lazy.map(\.signed.voucher.channelID)).subtracting(channels.keys)
        if !missing.isEmpty {
            channels.merge(try await ChannelStore(session.transaction).channels(missing)) { known, _ in known }
        }
        self.channels = channels
        var keys: [(channel: UInt64, envelope: Bytes32)] = []
        var lookedUp: Set<Int> = []
        for (place, voucher) in batch.enumerated() {
            guard let channel = channels[voucher.signed.voucher.channelID] else { continue }
            let newest = channel.state.lanes[voucher.signed.voucher.lane]?.sequence ?? 0
            if lookup == .everything || voucher.signed.voucher.sequence <= newest {
                lookedUp.insert(place)
                keys += voucher.signed.items.map { (channel.number, $0.envelopeHash) }
            }
        }
        self.lookedUp = lookedUp
        charged = try await ChargeStore(session.transaction).charged(keys)
    }

    /// When the first postage of the batch falls due.
    var firstPostageDue: UInt64? { charges.compactMap(\.postageDue).min() }

    /// Decides on every voucher in order.
    mutating func decide(_ batch: [RecoveredVoucher], _ session: inout LogSession) throws {
        decisions.reserveCapacity(batch.count)
        charges.reserveCapacity(batch.count)
        vouchers.reserveCapacity(batch.count)
        for voucher in batch { decisions.append(try decide(voucher, &session)) }
    }

    /// Throws ``RefusedThoughPaid`` where a refused voucher names an envelope that was paid before the batch and was not
    /// looked up: with it at no cost the voucher may be good.
    func lookUpRefused(_ batch: [RecoveredVoucher], _ session: LogSession) async throws {
        var keys: [(channel: UInt64, envelope: Bytes32)] = []
        for (place, voucher) in batch.enumerated() where !lookedUp.contains(place) {
            // A channel without lanes has paid for nothing: whoever opens one for nothing causes no question here.
            guard case .failure = decisions[place], let channel = channels[voucher.signed.voucher.channelID],
                !channel.state.lanes.isEmpty
            else { continue }
            for item in voucher.signed.items where charged[channel.number]?[item.envelopeHash] == nil {
                keys.append((channel.number, item.envelopeHash))
            }
        }
        guard try await ChargeStore(session.transaction).charged(keys).isEmpty else { throw RefusedThoughPaid() }
    }

    /// The envelopes of a voucher that its channel has paid for. Not all that the channel has paid for: that, for each
    /// voucher, would be the square of a batch.
    private func paid(_ voucher: SignedVoucher, by channel: UInt64) -> Set<Bytes32> {
        guard let paid = charged[channel] else { return [] }
        return Set(voucher.items.lazy.map(\.envelopeHash).filter { paid[$0] != nil })
    }

    private mutating func decide(
        _ voucher: RecoveredVoucher, _ session: inout LogSession
    ) throws -> VoucherDecision {
        let id = voucher.signed.voucher.channelID
        guard let channel = channels[id] else { return .failure(.unknownChannelOrSigner) }
        let congestion = try session.state.chargeRate.counts(at: time)
        let admitted: Admitted
        do {
            admitted = try admission.admit(
                voucher.signed, signer: voucher.signer, channel: channel.state,
                charged: paid(voucher.signed, by: channel.number), schedule: schedule, congestion: congestion,
                now: time)
        } catch {
            return .failure(error)
        }
        if var lane = admitted.lane {
            // Told last: a voucher that is wrong in itself is never worth sending again.
            guard !session.state.isPaused else { return .failure(.paused) }
            let key = LaneKey(channel: id, lane: voucher.signed.voucher.lane)
            lanes[key] = lanes[key] ?? (channel.state.lanes[key.lane] != nil)
            vouchers.append(StoredVoucher(firstCharge: session.state.chargeCount + 1, voucher: voucher.signed))
            for priced in admitted.charges {
                lane.lastCharge = try charge(priced, to: channel, lane: key.lane, after: lane.lastCharge, &session)
            }
            channels[id]?.state.lanes[key.lane] = lane
        }
        return .success(voucher.signed.items.compactMap { charged[channel.number]?[$0.envelopeHash] })
    }

    /// Logs a charge that follows `previous` on its lane; returns its number.
    private mutating func charge(
        _ priced: PricedItem, to channel: StoredChannel, lane: UInt32, after previous: UInt64,
        _ session: inout LogSession
    ) throws -> UInt64 {
        let item = priced.item
        let index = session.nextIndex
        let salt = session.state.salt(of: index)
        let charge = Charge(
            number: try session.takeChargeNumber(), epoch: session.state.openEpoch,
            commitment: Charge.commitment(to: channel.state.id, salt: salt), envelopeHash: item.envelopeHash,
            bytes: item.bytes, expiryDay: item.expiryDay, schedule: schedule.version, price: priced.price,
            publishBy: clock.publishBy(acceptedAt: time))
        session.append(LeafDraft(.charge, charge.canonicalBytes))
        charged[channel.number, default: [:]][item.envelopeHash] = index
        charges.append(
            StoredCharge(
                charge: charge, logIndex: index, acceptedAt: time, channel: channel.number, lane: lane,
                previous: previous,
                postageDue: priced.price.postage > .zero ? time + schedule.postageWindow : nil))
        let perDay = try charge.storagePerDay(acceptedAt: time)
        storage[item.expiryDay] = try (storage[item.expiryDay] ?? .zero).adding(perDay)
        total = try total.adding(priced.price)
        return charge.number
    }

    /// Writes what was decided: leaves, vouchers, charges, lanes, holds and one ledger entry.
    func store(_ session: inout LogSession) async throws {
        guard let first = charges.first else { return }
        var entry = EntryDraft(.charge, reference: "charges:\(first.charge.number)")
        try entry.move(try total.base.adding(total.congestion), from: .channels, to: .held(.base))
        try entry.move(total.storage, from: .channels, to: .held(.storage))
        try entry.move(total.postage, from: .channels, to: .held(.postage))
        try session.post(entry)
        try await session.writeLeaves()
        try await VoucherStore(session.transaction).keep(vouchers)
        try await ChargeStore(session.transaction).insert(charges)
        try await writeLanes(session)
        try await HoldStore(session.transaction).hold(storage: storage)
        try await EpochStore(session.transaction).add(to: session.state.openEpoch, charged: try total.total)
    }

    private func writeLanes(_ session: LogSession) async throws {
        var new: [StoredLane] = []
        var used: [StoredLane] = []
        for (key, isUsed) in lanes {
            guard let channel = channels[key.channel], let state = channel.state.lanes[key.lane] else { continue }
            let lane = StoredLane(channel: channel.number, lane: key.lane, state: state)
            if isUsed { used.append(lane) } else { new.append(lane) }
        }
        try await ChannelStore(session.transaction).write(
            new: new, used: used.sorted { ($0.channel, $0.lane) < ($1.channel, $1.lane) })
    }
}
