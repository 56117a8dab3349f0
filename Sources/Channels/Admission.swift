public import Primitives

/// One item that a voucher pays for now.
public struct PricedItem: Hashable, Sendable {
    /// The item.
    public let item: Item
    /// Its price at the moment of acceptance.
    public let price: Price

    /// Pairs an item with its price.
    public init(item: Item, price: Price) {
        self.item = item
        self.price = price
    }
}

/// What accepting a voucher does to its channel.
public struct Admitted: Hashable, Sendable {
    /// The items to charge, in the voucher's order; those charged before are left out.
    public let charges: [PricedItem]
    /// The sum of their prices.
    public let total: Amount
    /// The lane afterwards; `nil` where the voucher repeats what was charged and nothing changes.
    public let lane: LaneState?
}

/// The rules by which vouchers are accepted.
public struct Admission: Sendable {
    /// Seconds between a close and its end, in which the other side may answer.
    public let challengeWindow: UInt64
    /// Seconds that the settlement needs after that.
    public let settlementHorizon: UInt64

    /// Makes the rules.
    public init(challengeWindow: UInt64, settlementHorizon: UInt64) {
        self.challengeWindow = challengeWindow
        self.settlementHorizon = settlementHorizon
    }

    /// Until when a voucher, and the authority of its signer, must at least be valid.
    public func earliest(now: UInt64) -> UInt64 {
        now.addingClamped(challengeWindow).addingClamped(settlementHorizon)
    }

    /// What can be told without the channel: count and hash of the items, lane, validity.
    public func checkForm(_ signed: SignedVoucher, now: UInt64) throws(VoucherRefusal) {
        try Self.checkPlace(signed)
        try checkValidity(signed.voucher, earliest: earliest(now: now))
        try Self.checkItems(signed)
    }

    /// Count of the items, lane and sequence.
    static func checkPlace(_ signed: SignedVoucher) throws(VoucherRefusal) {
        guard (1...Item.countMax).contains(signed.items.count) else {
            throw .itemCount(found: signed.items.count)
        }
        guard signed.voucher.lane < ChannelState.laneCount else { throw .lane(found: signed.voucher.lane) }
        guard (1...UInt64(Int64.max)).contains(signed.voucher.sequence) else {
            throw .sequenceRange(found: signed.voucher.sequence)
        }
    }

    /// The items and their hash.
    static func checkItems(_ signed: SignedVoucher) throws(VoucherRefusal) {
        var seen: Set<Bytes32> = []
        for item in signed.items where !seen.insert(item.envelopeHash).inserted {
            throw .itemTwice(envelopeHash: item.envelopeHash)
        }
        let found = Item.hash(of: signed.items)
        guard found == signed.voucher.itemsHash else {
            throw .itemsHash(signed: signed.voucher.itemsHash, found: found)
        }
    }

    private func checkValidity(_ voucher: Voucher, earliest: UInt64) throws(VoucherRefusal) {
        guard voucher.validUntil >= earliest else {
            throw .validUntil(found: voucher.validUntil, earliest: earliest)
        }
    }

    /// Decides on a voucher whose form is good and whose signature `signer` made.
    ///
    /// `charged` holds the envelopes of the voucher that its channel has paid for before; they cost nothing again.
    /// `congestion` is what the log counts before the voucher's first charge. Each item is priced with the counts before its
    /// own leaf: those, and the items of this voucher that are charged before it.
    /// A voucher all of whose items were charged changes nothing and is answered with their receipts, whatever its
    /// sequence: that is how a payer who lost an answer asks again.
    public func admit(
        _ signed: SignedVoucher, signer: Address, channel: ChannelState, charged: Set<Bytes32>,
        schedule: FeeSchedule, congestion: MinuteCounts, now: UInt64
    ) throws(VoucherRefusal) -> Admitted {
        guard let authority = channel.authority(of: signer) else { throw .unknownChannelOrSigner }
        let open = signed.items.filter { !charged.contains($0.envelopeHash) }
        guard !open.isEmpty else { return Admitted(charges: [], total: .zero, lane: nil) }
        switch channel.stage {
        case .opening: throw .opening(deposited: channel.deposited)
        case .open: break
        case .closing: throw .closing
        case .closed: throw .closed
        }

        let voucher = signed.voucher
        let earliest = earliest(now: now)
        try authority.check(voucher, earliest: earliest)
        // Again, at the log's time: it may have waited since its form was checked, and log time may be ahead of the clock.
        try checkValidity(voucher, earliest: earliest)
        try Self.checkOrder(voucher, channel)
        let charges = try priced(open, schedule: schedule, congestion: congestion, now: now)
        let (total, lane) = try Self.charge(charges.map(\.price), by: voucher, to: channel)
        return Admitted(charges: charges, total: total, lane: lane)
    }

    /// Sequence and ceiling go on from the lane's.
    static func checkOrder(_ voucher: Voucher, _ channel: ChannelState) throws(VoucherRefusal) {
        let lane = channel.lanes[voucher.lane] ?? LaneState()
        guard voucher.sequence > lane.sequence else {
            throw .sequence(found: voucher.sequence, newest: lane.sequence)
        }
        guard voucher.cumulativeAmount >= lane.ceiling else {
            throw .ceilingLowered(found: voucher.cumulativeAmount, newest: lane.ceiling)
        }
    }

    /// The sum of some prices, and the voucher's lane once they are charged: its ceiling covers them, and the channel all
    /// ceilings.
    static func charge(
        _ prices: [Price], by voucher: Voucher, to channel: ChannelState
    ) throws(VoucherRefusal) -> (total: Amount, lane: LaneState) {
        let lane = channel.lanes[voucher.lane] ?? LaneState()
        do {
            let total = try Amount.sum(prices.map { price throws(AmountError) in try price.total })
            let needed = try lane.charged.adding(total)
            guard voucher.cumulativeAmount >= needed else {
                throw VoucherRefusal.ceilingTooLow(found: voucher.cumulativeAmount, needed: needed)
            }
            let others = channel.lanes.filter { $0.key != voucher.lane }.values.map(\.ceiling)
            let ceilings = try Amount.sum(others + [voucher.cumulativeAmount])
            let coverage = try channel.coverage
            guard ceilings <= coverage else {
                throw VoucherRefusal.deposit(ceilings: ceilings, coverage: coverage)
            }
            let after = LaneState(
                sequence: voucher.sequence, ceiling: voucher.cumulativeAmount, charged: needed,
                lastCharge: lane.lastCharge)
            return (total, after)
        } catch let refusal as VoucherRefusal {
            throw refusal
        } catch {
            throw .deposit(ceilings: .max, coverage: (try? channel.coverage) ?? .zero)
        }
    }

    private func priced(
        _ items: [Item], schedule: FeeSchedule, congestion: MinuteCounts, now: UInt64
    ) throws(VoucherRefusal) -> [PricedItem] {
        var charges: [PricedItem] = []
        charges.reserveCapacity(items.count)
        for (place, item) in items.enumerated() {
            let units = Congestion.units(
                perMinute: congestion.adding(UInt64(place)), target: schedule.targetPerMinute)
            let price: Price
            let total: Amount
            do {
                price = try schedule.price(item, acceptedAt: now, congestion: units)
            } catch {
                throw .price(envelopeHash: item.envelopeHash, error)
            }
            do {
                total = try price.total
            } catch {
                throw .price(envelopeHash: item.envelopeHash, .overflow)
            }
            guard total <= item.maxFee else {
                throw .maxFee(envelopeHash: item.envelopeHash, price: total, maxFee: item.maxFee)
            }
            charges.append(PricedItem(item: item, price: price))
        }
        return charges
    }
}
