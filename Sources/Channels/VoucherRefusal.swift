public import Primitives

/// Why a voucher is refused. Nothing moves on a refusal.
public enum VoucherRefusal: Error, Hashable, Sendable {
    /// No items, or more than ``Item/countMax``.
    case itemCount(found: Int)
    /// An envelope stands twice among the items.
    case itemTwice(envelopeHash: Bytes32)
    /// The items are not those that were signed.
    case itemsHash(signed: Bytes32, found: Bytes32)
    /// A lane that no channel has.
    case lane(found: UInt32)
    /// Valid for less than the settlement needs to prove it.
    case validUntil(found: UInt64, earliest: UInt64)
    /// No such channel, or not signed by its signer: a stranger learns no more.
    case unknownChannelOrSigner
    /// The channel holds less than the least deposit.
    case opening(deposited: Amount)
    /// The channel is on its way out.
    case closing
    /// The channel takes no vouchers any more.
    case closed
    /// The signer pays from another lane.
    case authorityLane(found: UInt32, allowed: UInt32)
    /// The signer's authority ends before the settlement could ask for it.
    case authorityExpires(found: UInt64, earliest: UInt64)
    /// The ceiling is above what the signer may sign.
    case authorityCeiling(found: Amount, allowed: Amount)
    /// The sequence was used already, by another voucher; `newest` is told to the channel's signer only.
    case sequence(found: UInt64, newest: UInt64?)
    /// A sequence that the service can't keep.
    case sequenceRange(found: UInt64)
    /// The ceiling is below one that was signed before.
    case ceilingLowered(found: Amount, newest: Amount)
    /// The ceiling does not cover what the items cost.
    case ceilingTooLow(found: Amount, needed: Amount)
    /// Ceilings add up to more than the channel holds.
    case deposit(ceilings: Amount, coverage: Amount)
    /// The service charges nothing for now. The voucher may be sent again.
    case paused
    /// An item has no price.
    case price(envelopeHash: Bytes32, PriceRefusal)
    /// An item costs more than its payer agreed to.
    case maxFee(envelopeHash: Bytes32, price: Amount, maxFee: Amount)

    /// The stable code of the refusal, as HTTP answers carry it.
    public var code: String {
        switch self {
        case .itemCount: "voucher/item-count"
        case .itemTwice: "voucher/item-twice"
        case .itemsHash: "voucher/items-hash"
        case .lane: "voucher/lane"
        case .validUntil: "voucher/valid-until"
        case .unknownChannelOrSigner: "voucher/unknown-channel-or-signer"
        case .opening: "voucher/channel-opening"
        case .closing: "voucher/channel-closing"
        case .closed: "voucher/channel-closed"
        case .authorityLane: "voucher/authority-lane"
        case .authorityExpires: "voucher/authority-expires"
        case .authorityCeiling: "voucher/authority-ceiling"
        case .sequence: "voucher/sequence"
        case .sequenceRange: "voucher/sequence-range"
        case .ceilingLowered: "voucher/ceiling-lowered"
        case .ceilingTooLow: "voucher/ceiling-too-low"
        case .deposit: "voucher/deposit"
        case .paused: "voucher/paused"
        case .price(_, let refusal):
            switch refusal {
            case .tooLarge: "voucher/too-large"
            case .retention: "voucher/retention"
            case .postage: "voucher/postage"
            case .overflow: "voucher/overflow"
            }
        case .maxFee: "voucher/max-fee"
        }
    }

    /// One sentence for the payer: what is wrong, and what would be right.
    public var detail: String {
        switch self {
        case .itemCount(let found): "A voucher pays for 1 to \(Item.countMax) items; this one names \(found)."
        case .itemTwice(let hash): "Envelope \(hash) stands twice among the items; pay for it once."
        case .itemsHash(let signed, let found): "The items hash to \(found), but \(signed) was signed."
        case .lane(let found): "There is no lane \(found); lanes are 0 to \(ChannelState.laneCount - 1)."
        case .validUntil(let found, let earliest): "validUntil is \(found); it must be \(earliest) or later."
        case .unknownChannelOrSigner: "There is no such channel, or its signer did not sign this voucher."
        case .opening(let deposited):
            "The channel holds \(deposited), less than the least deposit; top it up."
        case .closing: "The channel is closing; open another."
        case .closed: "The channel is closed; open another."
        case .authorityLane(let found, let allowed): "This signer pays from lane \(allowed), not from \(found)."
        case .authorityExpires(let found, let earliest):
            "This signer's authority ends at \(found); it must reach \(earliest). Have the payer delegate anew."
        case .authorityCeiling(let found, let allowed):
            "The ceiling is \(found); this signer may sign up to \(allowed)."
        case .sequence(let found, let newest?): "Sequence \(found) is used up; the newest is \(newest)."
        case .sequence(let found, nil): "Sequence \(found) is used up; ask for the channel's state."
        case .sequenceRange(let found): "Sequence \(found) is out of range: it must be from 1 to \(Int64.max)."
        case .ceilingLowered(let found, let newest): "The ceiling \(found) is below the \(newest) signed before."
        case .ceilingTooLow(let found, let needed): "The ceiling is \(found); the items need \(needed)."
        case .deposit(let ceilings, let coverage):
            "Ceilings add up to \(ceilings); the channel holds \(coverage). Top it up."
        case .paused: "The service has paused charging; send the voucher again later."
        case .price(let hash, let refusal): "Envelope \(hash) has no price: \(refusal.detail)"
        case .maxFee(let hash, let price, let maxFee): "Envelope \(hash) costs \(price); its maxFee is \(maxFee)."
        }
    }
}

extension PriceRefusal {
    /// One sentence for the payer.
    public var detail: String {
        switch self {
        case .tooLarge(let bytes, let limit): "\(bytes) bytes are above the limit of \(limit)."
        case .retention(let days, let from, let to): "\(days) days of storage are outside \(from) to \(to)."
        case .postage(let offered, let asked): "postage is \(offered); it must be 0 or \(asked)."
        case .overflow: "it is above 2^128 - 1."
        }
    }
}
