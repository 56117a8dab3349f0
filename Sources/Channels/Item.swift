public import Primitives

/// One message that a voucher pays for.
public struct Item: Hashable, Sendable {
    /// The most items in one voucher.
    public static let countMax = 256
    /// The length of an item's canonical bytes.
    static let bytesMax = 89

    /// The envelope that is paid.
    public let envelopeHash: Bytes32
    /// The payload's size.
    public let bytes: UInt32
    /// The envelope's expiry day.
    public let expiryDay: UTCDay
    /// Postage that the payer puts on it: none, or what the schedule asks.
    public let postage: Amount
    /// The most that the payer agrees to pay for it, postage included.
    public let maxFee: Amount

    /// Makes an item.
    public init(envelopeHash: Bytes32, bytes: UInt32, expiryDay: UTCDay, postage: Amount, maxFee: Amount) {
        self.envelopeHash = envelopeHash
        self.bytes = bytes
        self.expiryDay = expiryDay
        self.postage = postage
        self.maxFee = maxFee
    }

    /// `tagged "feesvc/item/1": b32 envelopeHash, u32 bytes, u32 expiryDay, u128 postage, u128 maxFee`.
    public var canonicalBytes: [UInt8] {
        var encoder = CanonicalEncoder(tag: "feesvc/item/1")
        encoder.append(envelopeHash)
        encoder.append(bytes)
        encoder.append(expiryDay.number)
        encoder.append(postage)
        encoder.append(maxFee)
        return encoder.bytes
    }

    /// Reads canonical bytes.
    public init(canonicalBytes: [UInt8]) throws(CanonicalError) {
        var decoder = try CanonicalDecoder(canonicalBytes, tag: "feesvc/item/1")
        envelopeHash = try decoder.readBytes32()
        bytes = try decoder.readUInt32()
        expiryDay = UTCDay(number: try decoder.readUInt32())
        postage = try decoder.readAmount()
        maxFee = try decoder.readAmount()
        try decoder.finish()
    }

    /// SHA-256 of `tagged "feesvc/items/1": list<bytes item>`: what a voucher's `itemsHash` holds.
    public static func hash(of items: [Item]) -> Bytes32 {
        var encoder = CanonicalEncoder(tag: "feesvc/items/1")
        encoder.append(list: items) { $0.append($1.canonicalBytes) }
        return SHA256.hash(encoder.bytes)
    }
}
