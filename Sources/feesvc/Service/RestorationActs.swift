import Channels
import Ledger
import Primitives
import Storage

/// A voucher that the service took in a history that was lost, with a receipt and its salt for each item that is to be
/// charged again.
struct LostVoucher: Sendable {
    let signed: SignedVoucher
    let proofs: [(receipt: Receipt, salt: Bytes32)]
}

extension FeeService {
    /// Charges again what a voucher was charged in a lost history, at the prices of its receipts. The same again changes
    /// nothing. Returns the log indexes of its items' charges.
    func restore(_ lost: LostVoucher) async throws -> [UInt64] {
        let id = lost.signed.voucher.channelID
        let unknown = RestorationRefusal.voucher(.unknownChannelOrSigner)
        guard !state.rollbacks.isEmpty else {
            throw RestorationRefusal.standing(size: lost.proofs.first?.receipt.head.head.size ?? state.tree.size)
        }
        guard let signer = try? lost.signed.signature.recover(domain.digest(of: lost.signed.voucher)),
            let known = try await read({ try await ChannelStore($0).channel(id) }),
            known.state.authority(of: signer) != nil
        else { throw unknown }
        // Before the writer's turn, which the receipts' signatures of what is refused must not take; and again in it.
        let present = state
        try await read { transaction in
            _ = try await ChargeRestoration(lost, signer: signer, channel: known).decide(transaction, present)
        }
        let (indexes, due) = try await write { session in
            guard let channel = try await ChannelStore(session.transaction).channel(id) else { throw unknown }
            channels.forget([id])
            return try await ChargeRestoration(lost, signer: signer, channel: channel).record(&session)
        }
        if let due { postageNotDueBefore = min(postageNotDueBefore, due) }
        return indexes
    }
}

/// One voucher of a lost history being charged again.
private struct ChargeRestoration {
    let lost: LostVoucher
    let signer: Address
    let channel: StoredChannel

    init(_ lost: LostVoucher, signer: Address, channel: StoredChannel) {
        self.lost = lost
        self.signer = signer
        self.channel = channel
    }

    private var envelopes: [Bytes32] { lost.signed.items.map(\.envelopeHash) }

    /// Decides by what a transaction sees. Returns what is to be charged, and the log indexes of what is charged already.
    func decide(
        _ transaction: Transaction, _ state: LogState
    ) async throws -> (restored: Restoration.Restored, known: [Bytes32: UInt64]) {
        let charges = ChargeStore(transaction)
        let known = try await charges.charged(envelopes.map { (channel.number, $0) })[channel.number] ?? [:]
        guard let epoch = try await EpochStore(transaction).epoch(state.openEpoch) else {
            throw StorageCorruption("epoch \(state.openEpoch) is open and not there")
        }
        let rules = Restoration(
            keys: state.keys, rollbacks: state.rollbacks, openEpoch: epoch.number, firstCharge: epoch.firstCharge)
        let restored = try rules.restore(
            lost.signed, signer: signer, proofs: lost.proofs, channel: channel.state, charged: Set(known.keys))
        if let number = try await charges.taken(restored.charges.map(\.charge.number)).min() {
            throw RestorationRefusal.notLost(charge: number)
        }
        return (restored, known)
    }

    /// Decides, and writes leaves, charges, holds and entry. Returns the log index of each item's charge, and when the first
    /// postage falls due.
    func record(_ session: inout LogSession) async throws -> (indexes: [UInt64], postageDue: UInt64?) {
        let (restored, charged) = try await decide(session.transaction, session.state)
        var known = charged
        guard let lane = restored.lane else { return (envelopes.compactMap { known[$0] }, nil) }
        let stored = try store(restored.charges, &session)
        for charge in stored { known[charge.charge.envelopeHash] = charge.logIndex }
        try post(restored, &session)
        try await write(stored, lane, restored, &session)
        return (envelopes.compactMap { known[$0] }, stored.compactMap(\.postageDue).min())
    }

    private func store(_ restored: [RestoredCharge], _ session: inout LogSession) throws -> [StoredCharge] {
        let lane = lost.signed.voucher.lane
        var previous = channel.state.lanes[lane]?.lastCharge ?? 0
        return try restored.map { restored in
            let charge = restored.charge
            guard let schedule = session.state.schedules.first(where: { $0.version == charge.schedule }) else {
                // Its schedule was lost as well, and has to be announced again before its charges.
                throw RestorationRefusal.notLost(charge: charge.number)
            }
            let leaf = session.append(LeafDraft(.restored, restored.canonicalBytes))
            defer { previous = charge.number }
            return StoredCharge(
                charge: charge, logIndex: leaf.index, acceptedAt: restored.time, channel: channel.number, lane: lane,
                previous: previous,
                postageDue: charge.price.postage > .zero
                    ? restored.time.addingClamped(schedule.postageWindow) : nil)
        }
    }

    /// Two entries: everything is held as by any charge, and what the midnights since would have captured of the storage goes
    /// to the open pool at once.
    private func post(_ restored: Restoration.Restored, _ session: inout LogSession) throws {
        let first = restored.charges[0].charge.number
        var entry = EntryDraft(.charge, reference: "restored:\(first)")
        var midnights = EntryDraft(.midnight, reference: "restored-midnights:\(first)")
        for one in restored.charges {
            let price = one.charge.price
            let captured = try one.storageCaptured(through: session.state.lastMidnight)
            try entry.move(try price.base.adding(price.congestion), from: .channels, to: .held(.base))
            try entry.move(price.storage, from: .channels, to: .held(.storage))
            try entry.move(price.postage, from: .channels, to: .held(.postage))
            try midnights.move(captured, from: .held(.storage), to: .pool(session.state.openEpoch))
        }
        try session.post(entry)
        try session.post(midnights)
    }

    private func write(
        _ stored: [StoredCharge], _ lane: LaneState, _ restored: Restoration.Restored, _ session: inout LogSession
    ) async throws {
        try await session.writeLeaves()
        var lane = lane
        lane.lastCharge = stored[stored.count - 1].charge.number
        let transaction = session.transaction
        try await VoucherStore(transaction).keep(
            [StoredVoucher(firstCharge: stored[0].charge.number, voucher: lost.signed)])
        let charges = ChargeStore(transaction)
        try await charges.insert(stored)
        try await charges.keep(
            salts: zip(stored, lost.proofs).map { (charge: $0.charge.number, salt: $1.salt) })
        let row = StoredLane(channel: channel.number, lane: lost.signed.voucher.lane, state: lane)
        let isUsed = channel.state.lanes[row.lane] != nil
        try await ChannelStore(transaction).write(new: isUsed ? [] : [row], used: isUsed ? [row] : [])
        var daily: [UTCDay: Amount] = [:]
        var captured = Amount.zero
        for one in restored.charges {
            captured = try captured.adding(try one.storageCaptured(through: session.state.lastMidnight))
            guard one.charge.expiryDay > session.state.lastMidnight else { continue }
            let perDay = try one.charge.storagePerDay(acceptedAt: one.time)
            daily[one.charge.expiryDay] = try (daily[one.charge.expiryDay] ?? .zero).adding(perDay)
        }
        try await HoldStore(transaction).hold(storage: daily)
        try await EpochStore(transaction).add(
            to: session.state.openEpoch, charged: restored.total, captured: CapturedParts(storage: captured))
    }
}
