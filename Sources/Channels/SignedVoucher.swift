public import Primitives

/// A voucher with its items and signature, as a payer sends it.
public struct SignedVoucher: Hashable, Sendable {
    /// The longest canonical form: 256 items.
    public static let bytesMax = 32_768

    /// What was signed.
    public let voucher: Voucher
    /// The items that ``Voucher/itemsHash`` commits to.
    public let items: [Item]
    /// The signer's signature over the voucher's digest.
    public let signature: Signature

    /// Puts the parts together; nothing is checked here.
    public init(voucher: Voucher, items: [Item], signature: Signature) {
        self.voucher = voucher
        self.items = items
        self.signature = signature
    }

    /// `tagged "feesvc/voucher/1"`, see docs/protocol.md §3.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/voucher/1")
        encoder.append(voucher.channelID)
        encoder.append(voucher.lane)
        encoder.append(voucher.sequence)
        encoder.append(voucher.cumulativeAmount)
        encoder.append(voucher.validUntil)
        encoder.append(voucher.itemsHash)
        encoder.append(signature)
        encoder.append(list: items) { $0.append($1.canonicalBytes) }
        return encoder.bytes
    }

    /// Reads canonical bytes. That the items are those that were signed is for ``Admission/checkForm(_:now:)`` to tell.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/voucher/1")
        let channelID = try decoder.readBytes32()
        let lane = try decoder.readUInt32()
        let sequence = try decoder.readUInt64()
        let cumulativeAmount = try decoder.readAmount()
        let validUntil = try decoder.readUInt64()
        voucher = Voucher(
            channelID: channelID, lane: lane, sequence: sequence, cumulativeAmount: cumulativeAmount,
            validUntil: validUntil, itemsHash: try decoder.readBytes32())
        signature = try decoder.readSignature()
        items = try decoder.readList(limit: Item.countMax) { decoder throws(CanonicalError) in
            try Item(canonicalBytes: try decoder.readBytes(limit: Item.bytesMax))
        }
        try decoder.finish()
    }
}
