public import Channels
public import Primitives

/// An item in JSON.
public struct ItemBody: Codable, Sendable {
    /// The envelope that is paid.
    public let envelopeHash: Bytes32
    /// The payload's size.
    @Count32 public var bytes: UInt32
    /// The expiry day's number.
    @Count32 public var expiryDay: UInt32
    /// Postage.
    public let postage: Amount
    /// The most the payer agrees to.
    public let maxFee: Amount

    /// Makes the body.
    public init(_ item: Item) {
        envelopeHash = item.envelopeHash
        bytes = item.bytes
        expiryDay = item.expiryDay.number
        postage = item.postage
        maxFee = item.maxFee
    }

    /// The item.
    public var item: Item {
        Item(
            envelopeHash: envelopeHash, bytes: bytes, expiryDay: UTCDay(number: expiryDay), postage: postage,
            maxFee: maxFee)
    }
}

/// A signed voucher in JSON.
public struct VoucherBody: Codable, Sendable {
    /// The channel that pays.
    public let channelId: Bytes32
    /// The lane.
    @Count32 public var lane: UInt32
    /// The sequence.
    public let sequence: UInt64
    /// The ceiling.
    public let cumulativeAmount: Amount
    /// Until when it can be proved.
    public let validUntil: UInt64
    /// The items' hash, as signed.
    public let itemsHash: Bytes32
    /// The items.
    public let items: [ItemBody]
    /// The signer's signature.
    public let signature: Signature

    /// Makes the body.
    public init(_ signed: SignedVoucher) {
        channelId = signed.voucher.channelID
        lane = signed.voucher.lane
        sequence = signed.voucher.sequence
        cumulativeAmount = signed.voucher.cumulativeAmount
        validUntil = signed.voucher.validUntil
        itemsHash = signed.voucher.itemsHash
        items = signed.items.map(ItemBody.init)
        signature = signed.signature
    }

    /// The voucher.
    public var signed: SignedVoucher {
        SignedVoucher(
            voucher: Voucher(
                channelID: channelId, lane: lane, sequence: sequence, cumulativeAmount: cumulativeAmount,
                validUntil: validUntil, itemsHash: itemsHash),
            items: items.map(\.item), signature: signature)
    }
}

/// Vouchers of one request: `POST /v1/vouchers`.
public struct VouchersBody: Codable, Sendable {
    /// The most vouchers in one request.
    public static let countMax = 256
    /// The most items of all vouchers of one request: the answer has a receipt for each, whether it is charged now or was
    /// before.
    public static let itemsMax = 4_096

    /// The vouchers, decided in this order.
    public let vouchers: [VoucherBody]

    /// Makes the body.
    public init(vouchers: [VoucherBody]) {
        self.vouchers = vouchers
    }
}

/// A receipt with what opens its commitment.
public struct ReceiptBody: Codable, Sendable {
    /// The receipt's canonical bytes.
    public let receipt: HexBytes
    /// The salt of its commitment; only the payer learns it.
    public let salt: Bytes32

    /// Makes the body.
    public init(receipt: HexBytes, salt: Bytes32) {
        self.receipt = receipt
        self.salt = salt
    }
}

/// What became of one voucher: receipts in the order of its items, or a problem.
public struct VoucherAnswerBody: Codable, Sendable {
    /// One receipt an item.
    public let receipts: [ReceiptBody]?
    /// Why it was refused.
    public let problem: ProblemBody?

    /// Makes the body.
    public init(receipts: [ReceiptBody]?, problem: ProblemBody?) {
        self.receipts = receipts
        self.problem = problem
    }
}

/// The answers to the vouchers of one request, in order.
public struct VoucherAnswersBody: Codable, Sendable {
    /// One answer a voucher.
    public let results: [VoucherAnswerBody]

    /// Makes the body.
    public init(results: [VoucherAnswerBody]) {
        self.results = results
    }
}
