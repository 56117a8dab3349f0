import Channels
import Payer
import Primitives

/// A log that lost leaves: the act that says so, and what payers bring back.
let rollbackTargets: [FuzzTarget] = [
    FuzzTarget("rollback", seeds: { try Seeds.forms("rollback") }, run: testRollback),
    FuzzTarget("restored", seeds: { try Seeds.forms("restored") }, run: testRestored),
    FuzzTarget(
        "restorations-json", memory: .json, seeds: { try Seeds.json(LostLog.restorations) }, run: testRestorations),
]

@Sendable func testRollback(_ bytes: [UInt8]) {
    guard let rollback = canonical(bytes, Rollback.init(canonicalBytes:), \.canonicalBytes) else { return }
    let act = AdminAct(.rollback(rollback), nonce: rollback.charges)
    require((try? AdminAct(canonicalBytes: act.canonicalBytes)) == act, "an act can't hold its rollback")

    let lost = rollback.lost.head
    let later = LogHead(logID: lost.logID, size: .max, root: lost.root, time: rollback.time, epoch: lost.epoch)
    for index in [0, lost.size &- 1, lost.size, .max] {
        let logged = LoggedRollback(index: index, rollback: rollback)
        require(
            logged.withdraws(lost) == rollback.isPlaced(at: index),
            "at leaf \(index) a rollback does not withdraw what it gives up, or what is there")
        require(!logged.withdraws(later), "a head from after the rollback is withdrawn")
        require(!logged.covers(charge: rollback.charges), "a charge from before the act is given up")
        require(!logged.covers(charge: rollback.lastCharge + 1), "the next charge is given up")
    }

    let made = Rollback(lost: rollback.lost, charges: rollback.charges, time: lost.epoch)
    require(
        (try? Rollback(canonicalBytes: made.canonicalBytes)) == made, "a service can't read the rollback that it made")
    require(
        made.lastCharge == UInt64(Int64.max) || made.lastCharge - made.charges > lost.size,
        "the lost head may cover more charges")
}

@Sendable func testRestored(_ bytes: [UInt8]) {
    guard let restored = canonical(bytes, RestoredCharge.init(canonicalBytes:), \.canonicalBytes) else { return }
    let charge = restored.charge
    let leaf = LogLeaf(index: 0, time: .max, kind: .restored, body: bytes)
    require((try? leaf.charge()) == charge, "a leaf holds another charge than its body")
    let origin = try? leaf.origin()
    require(origin?.index == restored.index && origin?.time == restored.time, "a leaf has another origin")

    let accepted = UTCDay(containing: restored.time)
    let expiry = charge.expiryDay
    for day in [accepted, expiry, UTCDay(number: UInt32(truncatingIfNeeded: restored.index)), UTCDay(number: .max)] {
        do {
            let captured = try restored.storageCaptured(through: day)
            let held = try charge.unspentStorage(acceptedAt: restored.time, after: max(day, accepted))
            let days = UInt64(expiry.number - min(expiry.number, accepted.number))
            let all = try charge.storagePerDay(acceptedAt: restored.time).times(days)
            require(try captured.adding(held) == all, "what was captured and what is held are not the storage")
            require(all <= charge.price.storage, "more storage is decided than was charged")
        } catch {
            violation("the storage of a charge can't be divided: \(error)")
        }
    }
}

/// The log that restorations are asked of: one that knows ``LostLog/rollback``.
private let log = Result {
    let genesis = try LostLog.genesis
    return (genesis: genesis, rollback: LoggedRollback(index: 1, rollback: try LostLog.rollback))
}

/// Every receipt gets a root that its leaf has a path to, and a signed head, so that what is asked after that decides.
@Sendable private func testRestorations(_ bytes: [UInt8]) {
    guard let body = json(RestorationsBody.self, bytes) else { return }
    guard case .success(let log) = log else { violation("the vectors can't be read") }
    for lost in body.vouchers.prefix(RestorationsBody.countMax) {
        guard
            let voucher = canonical(lost.voucher.bytes, SignedVoucher.init(canonicalBytes:), \.canonicalBytes)
        else { continue }
        var proofs: [(receipt: Receipt, salt: Bytes32)] = []
        for body in lost.receipts.prefix(Item.countMax) {
            guard let read = canonical(body.receipt.bytes, Receipt.init(canonicalBytes:), \.canonicalBytes) else {
                continue
            }
            let size = read.head.head.size
            let root = MerkleLog.root(ofLeaf: read.leaf.hash, index: read.leaf.index, size: size, path: read.path)
            let head = LogHead(
                logID: log.genesis.logID, size: size, root: root ?? read.head.head.root, time: read.head.head.time,
                epoch: read.head.head.epoch)
            let signed = LostLog.signed(head, in: log.genesis.domain)
            proofs.append((Receipt(leaf: read.leaf, charge: read.charge, head: signed, path: read.path), body.salt))
        }
        testRestoration(of: voucher, proofs, log.genesis, log.rollback)
    }
}

private func testRestoration(
    of signed: SignedVoucher, _ proofs: [(receipt: Receipt, salt: Bytes32)], _ genesis: Genesis,
    _ rollback: LoggedRollback
) {
    guard let signer = try? signed.signature.recover(genesis.domain.digest(of: signed.voucher)) else { return }
    var channel = ChannelState(
        id: signed.voucher.channelID, payer: .zero, signer: signer, stage: .closing, closesAt: .max, deposited: .max,
        refunded: .zero, withdrawn: .zero, lanes: [:])
    let rules = Restoration(
        keys: KeyHistory(genesis), rollbacks: [rollback], openEpoch: proofs.first?.receipt.charge.epoch ?? 1,
        firstCharge: 1)
    do throws(RestorationRefusal) {
        let restored = try rules.restore(signed, signer: signer, proofs: proofs, channel: channel, charged: [])
        require(restored.charges.count == signed.items.count, "an item was restored without a charge, or twice")
        var newest: UInt64 = 0
        for (item, one) in zip(signed.items, restored.charges) {
            require(one.charge.envelopeHash == item.envelopeHash, "another message was restored")
            require((try? one.charge.price.total <= item.maxFee) == true, "more was restored than was agreed to")
            require(one.charge.number > newest && rollback.covers(charge: one.charge.number), "a number was not lost")
            newest = one.charge.number
            testRestored(one.canonicalBytes)
        }
        let total = try? Amount.sum(restored.charges.map { try $0.charge.price.total })
        require(total == restored.total && restored.lane?.charged == total, "a lane was charged another sum")
        require(restored.lane?.ceiling == signed.voucher.cumulativeAmount, "a lane has another ceiling than was signed")
        require(restored.total <= signed.voucher.cumulativeAmount, "a lane was charged above its ceiling")

        let paid = Set(signed.items.map(\.envelopeHash))
        let again = try rules.restore(signed, signer: signer, proofs: [], channel: channel, charged: paid)
        require(again.charges.isEmpty && again.lane == nil, "what was restored was restored again")
        channel.lanes[signed.voucher.lane] = restored.lane
        channel.lanes[signed.voucher.lane]?.lastCharge = newest
        require(
            (try? rules.restore(signed, signer: signer, proofs: proofs, channel: channel, charged: [])) == nil,
            "a lane went back")
    } catch {
        _ = (error.code, error.detail)
    }
}
