import Channels
import Payer
import Primitives

/// Vouchers that the service refuses, by what is wrong with them.
enum RefusalKind: String, CaseIterable, Sendable {
    /// The items are not those that were signed.
    case form
    /// No such channel.
    case unknown
    /// A sequence that is used up.
    case stale
    /// Signed by another key.
    case badSignature
}

extension VoucherSupply {
    /// A request of `batch` vouchers that are refused for one reason; it may be sent again and again.
    func refused(_ kind: RefusalKind, batch: Int) -> [UInt8] {
        let stranger = SecretKey(seed: 2, label: "stranger")
        return VoucherFrames.request(
            (0..<batch).map { place in
                let channel = place % channelCount
                let good = voucher(
                    channel: channel, sequence: kind == .stale ? 1 : 1 << 40, label: "refused/\(kind)/\(place)")
                switch kind {
                case .form:
                    return SignedVoucher(voucher: good.voucher, items: [], signature: good.signature)
                case .unknown:
                    let other = Voucher(
                        channelID: SHA256.hash(good.voucher.channelID.bytes), lane: 0, sequence: 1,
                        cumulativeAmount: good.voucher.cumulativeAmount, validUntil: good.voucher.validUntil,
                        itemsHash: good.voucher.itemsHash)
                    return SignedVoucher(voucher: other, items: good.items, signature: good.signature)
                case .stale: return good
                case .badSignature:
                    return SignedVoucher(
                        voucher: good.voucher, items: good.items,
                        signature: stranger.sign(domain.digest(of: good.voucher)))
                }
            })
    }
}
