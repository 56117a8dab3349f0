public import Primitives

/// Why a voucher of a lost history restores nothing.
public enum RestorationRefusal: Error, Hashable, Sendable {
    /// The voucher would not be taken, whatever was charged for it.
    case voucher(VoucherRefusal)
    /// Each item that was not charged has one receipt, in the voucher's order.
    case receiptCount(expected: Int, found: Int)
    /// A receipt proves nothing.
    case receipt(ReceiptRefusal)
    /// A receipt's head was not withdrawn: the log lost nothing of what it covers.
    case standing(size: UInt64)
    /// A receipt's leaf or number is none that the rollback gave up.
    case notLost(charge: UInt64)
    /// A receipt's charge is of another channel, or its salt is.
    case commitment(charge: UInt64)
    /// A receipt's charge is for another message than its item, or above what was agreed.
    case item(envelopeHash: Bytes32)
    /// The lane has a later charge: restored charges come before new ones.
    case order(charge: UInt64, newest: UInt64)
    /// The charge's epoch is over: its holds can't be decided any more.
    case epoch(found: UInt64, open: UInt64)

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .voucher(let refusal): refusal.code
        case .receiptCount: "restoration/receipts"
        case .receipt: "restoration/receipt"
        case .standing: "restoration/standing"
        case .notLost: "restoration/not-lost"
        case .commitment: "restoration/commitment"
        case .item: "restoration/item"
        case .order: "restoration/order"
        case .epoch: "restoration/epoch"
        }
    }

    /// One sentence for the payer: what is wrong, and what would be right.
    public var detail: String {
        switch self {
        case .voucher(let refusal): refusal.detail
        case .receiptCount(let expected, let found):
            "\(expected) items of the voucher are to be restored, and \(found) receipts were given; give one for each."
        case .receipt(let refusal): "A receipt proves nothing: \(refusal)."
        case .standing(let size): "No rollback withdrew the head of \(size) leaves; nothing under it was lost."
        case .notLost(let charge): "Charge \(charge) is not among those that a rollback gave up."
        case .commitment(let charge): "The salt does not open charge \(charge) to this channel."
        case .item(let hash): "The receipt for envelope \(hash) is for another message, or above its maxFee."
        case .order(let charge, let newest):
            "Charge \(charge) comes before charge \(newest), which the lane has already; restore before paying."
        case .epoch(let found, let open):
            found == open
                ? "The charge was numbered before epoch \(open) began here: the period that its number is of is over."
                : "The charge is of epoch \(found); epoch \(open) is open, and only its own charges can be restored."
        }
    }
}

/// What a log's history says about charges that may be restored.
public struct Restoration: Sendable {
    /// Which key signed heads of which size.
    public let keys: KeyHistory
    /// What the log gave up.
    public let rollbacks: [LoggedRollback]
    /// The epoch that is open.
    public let openEpoch: UInt64
    /// The first charge number of the open epoch.
    public let firstCharge: UInt64

    /// What restoring a voucher does to its channel.
    public struct Restored: Hashable, Sendable {
        /// The charges to log, in the voucher's order.
        public let charges: [RestoredCharge]
        /// The sum of their prices.
        public let total: Amount
        /// The lane afterwards; `nil` where everything was charged and nothing changes.
        public let lane: LaneState?
    }

    /// Makes the rules.
    public init(keys: KeyHistory, rollbacks: [LoggedRollback], openEpoch: UInt64, firstCharge: UInt64) {
        self.keys = keys
        self.rollbacks = rollbacks
        self.openEpoch = openEpoch
        self.firstCharge = firstCharge
    }

    /// Decides on a voucher that the service took in a history that was lost. `signer` made its signature; `proofs` are the
    /// receipts for the items that are not in `charged`, those that the channel has paid for as the log stands, with the
    /// salts that open them.
    ///
    /// The service took the voucher once, which the receipts prove: validity and price are not asked for again. Everything
    /// that keeps a channel's money is: signer, stage, order of the lane, ceilings, coverage.
    public func restore(
        _ signed: SignedVoucher, signer: Address, proofs: [(receipt: Receipt, salt: Bytes32)], channel: ChannelState,
        charged: Set<Bytes32>
    ) throws(RestorationRefusal) -> Restored {
        do throws(VoucherRefusal) {
            try Admission.checkPlace(signed)
            try Admission.checkItems(signed)
            guard let authority = channel.authority(of: signer) else { throw VoucherRefusal.unknownChannelOrSigner }
            try authority.check(signed.voucher, earliest: 0)
        } catch {
            throw .voucher(error)
        }
        let open = signed.items.filter { !charged.contains($0.envelopeHash) }
        guard !open.isEmpty else { return Restored(charges: [], total: .zero, lane: nil) }
        guard proofs.count == open.count else {
            throw .receiptCount(expected: open.count, found: proofs.count)
        }
        var charges: [RestoredCharge] = []
        var newest = channel.lanes[signed.voucher.lane]?.lastCharge ?? 0
        for (item, proof) in zip(open, proofs) {
            let restored = try charge(proof.receipt, salt: proof.salt, for: item, of: channel.id)
            guard restored.charge.number > newest else {
                throw .order(charge: restored.charge.number, newest: newest)
            }
            newest = restored.charge.number
            charges.append(restored)
        }
        do throws(VoucherRefusal) {
            switch channel.stage {
            case .opening: throw VoucherRefusal.opening(deposited: channel.deposited)
            case .open, .closing: break
            case .closed: throw VoucherRefusal.closed
            }
            try Admission.checkOrder(signed.voucher, channel)
            let (total, lane) = try Admission.charge(charges.map(\.charge.price), by: signed.voucher, to: channel)
            return Restored(charges: charges, total: total, lane: lane)
        } catch {
            throw .voucher(error)
        }
    }

    /// The charge that a receipt of the lost history proves, for an item of a channel.
    private func charge(
        _ receipt: Receipt, salt: Bytes32, for item: Item, of channel: Bytes32
    ) throws(RestorationRefusal) -> RestoredCharge {
        let charge = receipt.charge
        do throws(ReceiptRefusal) {
            try receipt.checkPath(logID: keys.logID)
            guard keys.hasSigned(receipt.head, knowing: rollbacks) else { throw .headSignature }
        } catch {
            throw .receipt(error)
        }
        guard let rollback = rollbacks.withdrawing(receipt.head.head) else {
            throw .standing(size: receipt.head.head.size)
        }
        // What was restored once and lost again has a number that an earlier rollback left out.
        let isLost =
            rollback.covers(charge: charge.number)
            || receipt.leaf.kind == .restored && rollbacks.contains { $0.covers(charge: charge.number) }
        guard receipt.leaf.index >= rollback.index, isLost else { throw .notLost(charge: charge.number) }
        guard charge.epoch == openEpoch, charge.number >= firstCharge else {
            throw .epoch(found: charge.epoch, open: openEpoch)
        }
        guard charge.commitment == Charge.commitment(to: channel, salt: salt) else {
            throw .commitment(charge: charge.number)
        }
        guard charge.envelopeHash == item.envelopeHash, charge.bytes == item.bytes,
            charge.expiryDay == item.expiryDay, charge.price.postage == item.postage,
            let total = try? charge.price.total, total <= item.maxFee
        else { throw .item(envelopeHash: item.envelopeHash) }
        do {
            let origin = try receipt.leaf.origin()
            return RestoredCharge(index: origin.index, time: origin.time, charge: charge)
        } catch {
            throw .receipt(.form(error))
        }
    }
}

extension LogLeaf {
    /// Index and time of the leaf under which a charge was logged first: this one's, but for a restored charge.
    public func origin() throws(CanonicalError) -> (index: UInt64, time: UInt64) {
        guard kind == .restored else { return (index, time) }
        let restored = try RestoredCharge(canonicalBytes: body)
        return (restored.index, restored.time)
    }
}

extension Receipt {
    /// When the charge was accepted, Unix seconds: the leaf's time, but for one that was restored.
    public var acceptedAt: UInt64 { (try? leaf.origin())?.time ?? leaf.time }
}
