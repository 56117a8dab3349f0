import Channels
import Primitives
import Testing

/// A voucher that must move nothing, sent after one at sequence 5 that was accepted.
enum RefusedVoucher: String, CaseIterable, CustomTestStringConvertible {
    case otherSigner = "signed by another key"
    case otherChannel = "for another's channel"
    case unknownChannel = "for a channel that was never opened"
    case otherChain = "signed for another chain"
    case otherInstance = "signed for another instance"
    case changedAfterSigning = "its sequence changed after signing"
    case ceilingLowered = "a ceiling below one signed before"
    case ceilingTooLow = "a ceiling below what the items cost"
    case otherItems = "items that do not match their hash"
    case aboveDeposit = "a ceiling above the deposit"
    case sequenceReused = "a sequence that was used"
    case sequenceLower = "a sequence below the newest"
    case tooEarly = "validUntil too early for the settlement"
    case otherLane = "a lane that is not open"
    case itemTwice = "an item twice"
    case noItem = "no item"
    case maxFee = "a price above the item's maxFee"
    case oddPostage = "another postage than the schedule's"
    case tooLarge = "an envelope above 1 MiB"
    case expired = "storage that ends today"

    var testDescription: String { rawValue }

    /// The code that it is answered with.
    var code: String {
        switch self {
        case .otherSigner, .otherChannel, .unknownChannel, .otherChain, .otherInstance, .changedAfterSigning:
            "voucher/unknown-channel-or-signer"
        case .ceilingLowered: "voucher/ceiling-lowered"
        case .ceilingTooLow: "voucher/ceiling-too-low"
        case .otherItems: "voucher/items-hash"
        case .aboveDeposit: "voucher/deposit"
        case .sequenceReused, .sequenceLower: "voucher/sequence"
        case .tooEarly: "voucher/valid-until"
        case .otherLane: "voucher/lane"
        case .itemTwice: "voucher/item-twice"
        case .noItem: "voucher/item-count"
        case .maxFee: "voucher/max-fee"
        case .oddPostage: "voucher/postage"
        case .tooLarge: "voucher/too-large"
        case .expired: "voucher/retention"
        }
    }

    /// Makes the voucher; `ceiling` is the newest that `payer` signed, at sequence 5.
    func make(_ payer: TestPayer, _ stranger: TestPayer, ceiling: Amount) throws -> VoucherJSON {
        let items = [try item(payer)] + (self == .itemTwice ? [try item(payer)] : [])
        let enough = try ceiling.adding(Amount(5_000_000_000))
        let good = payer.voucher(sequence: 6, ceiling: enough, items: items)
        switch self {
        case .otherSigner: return payer.signed(good, items, by: stranger.key)
        case .otherChannel: return payer.signed(changed(good, channel: stranger.channel), items)
        case .unknownChannel: return payer.signed(changed(good, channel: TestPayer.bytes("nowhere")), items)
        case .otherChain:
            let chain = Bytes32(integer: 1)
            let domain = EIP712Domain(chainID: chain, verifyingContract: payer.service.genesis.verifyingContract)
            return payer.signed(good, items, in: domain)
        case .otherInstance:
            let domain = EIP712Domain(chainID: payer.service.genesis.chainID, verifyingContract: stranger.key.address)
            return payer.signed(good, items, in: domain)
        case .changedAfterSigning:
            let signature = payer.key.sign(payer.service.domain.digest(of: good))
            return VoucherJSON(changed(good, sequence: 7), items: items, signature: signature)
        case .ceilingLowered: return payer.signed(changed(good, ceiling: try ceiling.subtracting(1)), items)
        case .ceilingTooLow: return payer.signed(changed(good, ceiling: try ceiling.adding(38_499_999)), items)
        case .otherItems: return payer.signed(good, [try payer.item("something else")])
        case .aboveDeposit: return payer.signed(changed(good, ceiling: try TestPayer.deposit.adding(1)), items)
        case .sequenceReused: return payer.signed(changed(good, sequence: 5), items)
        case .sequenceLower: return payer.signed(changed(good, sequence: 4), items)
        case .tooEarly: return payer.signed(changed(good, validUntil: TestPayer.now + 3_600), items)
        case .otherLane: return payer.signed(changed(good, lane: 64), items)
        case .noItem: return payer.signed(changed(good, itemsHash: Item.hash(of: [])), [])
        case .itemTwice, .maxFee, .oddPostage, .tooLarge, .expired: return payer.signed(good, items)
        }
    }

    private func item(_ payer: TestPayer) throws -> Item {
        let good = try payer.item("refused/\(rawValue)")
        var (bytes, expiry, postage, maxFee) = (good.bytes, good.expiryDay, good.postage, good.maxFee)
        switch self {
        case .maxFee: maxFee = try maxFee.subtracting(1)
        case .oddPostage: (postage, maxFee) = (Amount(999_999_999), .max)
        case .tooLarge: (bytes, maxFee) = (1_048_577, .max)
        case .expired: (expiry, maxFee) = (UTCDay(containing: TestPayer.now), .max)
        default: break
        }
        return Item(envelopeHash: good.envelopeHash, bytes: bytes, expiryDay: expiry, postage: postage, maxFee: maxFee)
    }

    private func changed(
        _ voucher: Voucher, channel: Bytes32? = nil, lane: UInt32? = nil, sequence: UInt64? = nil,
        ceiling: Amount? = nil,
        validUntil: UInt64? = nil, itemsHash: Bytes32? = nil
    ) -> Voucher {
        Voucher(
            channelID: channel ?? voucher.channelID, lane: lane ?? voucher.lane, sequence: sequence ?? voucher.sequence,
            cumulativeAmount: ceiling ?? voucher.cumulativeAmount, validUntil: validUntil ?? voucher.validUntil,
            itemsHash: itemsHash ?? voucher.itemsHash)
    }
}
