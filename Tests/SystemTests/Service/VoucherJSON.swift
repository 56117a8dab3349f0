import Channels
import Primitives

/// A voucher as docs/openapi.yaml has it, written here a second time.
struct VoucherJSON: Encodable {
    /// An item.
    struct ItemJSON: Encodable {
        let envelopeHash: Bytes32
        let bytes: UInt32
        let expiryDay: UInt32
        let postage: Amount
        let maxFee: Amount
    }

    /// The body of `POST /v1/vouchers`.
    struct Request: Encodable {
        let vouchers: [VoucherJSON]
    }

    let channelId: Bytes32
    let lane: UInt32
    let sequence: UInt64
    let cumulativeAmount: Amount
    let validUntil: UInt64
    let itemsHash: Bytes32
    let items: [ItemJSON]
    let signature: Signature

    init(_ voucher: Voucher, items: [Item], signature: Signature) {
        channelId = voucher.channelID
        lane = voucher.lane
        sequence = voucher.sequence
        cumulativeAmount = voucher.cumulativeAmount
        validUntil = voucher.validUntil
        itemsHash = voucher.itemsHash
        self.items = items.map {
            ItemJSON(
                envelopeHash: $0.envelopeHash, bytes: $0.bytes, expiryDay: $0.expiryDay.number, postage: $0.postage,
                maxFee: $0.maxFee)
        }
        self.signature = signature
    }
}

/// What the service answers to vouchers.
struct VoucherAnswers: Decodable {
    /// The answer to one voucher.
    struct One: Decodable {
        let receipts: [ReceiptJSON]?
        let problem: HTTPConversation.Problem?
    }

    /// A receipt and the salt of its commitment.
    struct ReceiptJSON: Decodable {
        let receipt: String
        let salt: Bytes32

        /// The receipt, parsed.
        func parsed() throws -> Receipt {
            guard let bytes = Hex.decode(receipt) else { throw Overdue(description: "a receipt is no hex") }
            return try Receipt(canonicalBytes: bytes)
        }
    }

    let results: [One]
}
