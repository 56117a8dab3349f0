public import Channels
public import Primitives

/// Why a payment failed on the payer's side.
public enum PaymentError: Error, CustomStringConvertible {
    /// The service refused a voucher.
    case refused(ProblemBody)
    /// The service's answer does not prove what it should.
    case receipt(ReceiptRefusal)
    /// The service answered for another number of vouchers or items.
    case count(expected: Int, found: Int)
    /// The service charged more than was agreed.
    case overcharged(envelopeHash: Bytes32)

    /// One sentence for a log or a person.
    public var description: String {
        switch self {
        case .refused(let problem): "\(problem.code): \(problem.detail)"
        case .receipt(let refusal): "the service's receipt proves nothing: \(refusal)"
        case .count(let expected, let found): "the service answered \(found) times where \(expected) were due"
        case .overcharged(let hash): "envelope \(hash) was charged above its maxFee"
        }
    }
}

/// A message that was paid.
public struct PaidItem: Sendable {
    /// The item.
    public let item: Item
    /// The proof.
    public let receipt: Receipt
    /// What opens the receipt's commitment.
    public let salt: Bytes32
}

/// The payer's side of one channel, lane 0: what it has signed, and how it pays.
///
/// One request is under way at a time; a ceiling is never signed below an earlier one.
public actor PayerChannel {
    private let service: ServiceConnection
    private let key: SecretKey
    /// The channel's id.
    public nonisolated let id: Bytes32
    private var sequence: UInt64 = 0
    private var ceiling = Amount.zero
    private var charged = Amount.zero
    private var deposited = Amount.zero

    /// Opens a channel whose payer and signer is `key`.
    public init(opening: Bytes32, key: SecretKey, service: ServiceConnection) async throws {
        let statement = OpenChannel(payer: key.address, signer: key.address, opening: opening)
        let signature = key.sign(service.domain.digest(of: statement))
        let answer: ChannelOpenedBody = try await service.client.post(
            "/v1/channels", OpenChannelBody(statement, signature: signature))
        guard answer.channelId == statement.channelID(in: service.domain) else {
            throw ClientError.answer(url: "/v1/channels", reason: "another channel was opened")
        }
        self.service = service
        self.key = key
        id = answer.channelId
    }

    /// What the channel can still pay, refunds that the payer has not asked about left out.
    public var remaining: Amount { (try? deposited.subtracting(charged)) ?? .zero }

    /// Notes a deposit that the settlement has confirmed to the service.
    public func deposited(_ amount: Amount) throws {
        deposited = try deposited.adding(amount)
    }

    /// Notes a refund that the service has confirmed.
    public func refunded(_ amount: Amount) throws {
        deposited = try deposited.adding(amount)
    }

    /// Pays for messages, a voucher each, in as few requests as allowed. Receipts are checked before they are believed.
    public func pay(_ items: [Item], validUntil: UInt64) async throws -> [PaidItem] {
        var paid: [PaidItem] = []
        var rest = items[...]
        while !rest.isEmpty {
            paid += try await payAtOnce(Array(rest.prefix(VouchersBody.countMax)), validUntil: validUntil)
            rest = rest.dropFirst(VouchersBody.countMax)
        }
        return paid
    }

    private func payAtOnce(_ items: [Item], validUntil: UInt64) async throws -> [PaidItem] {
        var vouchers: [VoucherBody] = []
        for item in items { vouchers.append(VoucherBody(try sign([item], validUntil: validUntil))) }
        let answers: VoucherAnswersBody = try await service.client.post(
            "/v1/vouchers", VouchersBody(vouchers: vouchers))
        guard answers.results.count == items.count else {
            throw PaymentError.count(expected: items.count, found: answers.results.count)
        }
        var paid: [PaidItem] = []
        for (item, answer) in zip(items, answers.results) { paid.append(try check(answer, for: item)) }
        return paid
    }

    private func sign(_ items: [Item], validUntil: UInt64) throws -> SignedVoucher {
        sequence += 1
        ceiling = try ceiling.adding(try Amount.sum(items.map(\.maxFee)))
        let voucher = Voucher(
            channelID: id, lane: 0, sequence: sequence, cumulativeAmount: ceiling, validUntil: validUntil,
            itemsHash: Item.hash(of: items))
        let signature = key.sign(service.domain.digest(of: voucher))
        return SignedVoucher(voucher: voucher, items: items, signature: signature)
    }

    private func check(_ answer: VoucherAnswerBody, for item: Item) throws -> PaidItem {
        if let problem = answer.problem { throw PaymentError.refused(problem) }
        guard let body = answer.receipts?.first, answer.receipts?.count == 1 else {
            throw PaymentError.count(expected: 1, found: answer.receipts?.count ?? 0)
        }
        let receipt: Receipt
        do {
            receipt = try Receipt(canonicalBytes: body.receipt.bytes)
            try service.check(receipt, salt: body.salt, item: item, channelID: id)
        } catch {
            throw PaymentError.receipt(error)
        }
        let total = try receipt.charge.price.total
        guard total <= item.maxFee else { throw PaymentError.overcharged(envelopeHash: item.envelopeHash) }
        charged = try charged.adding(total)
        return PaidItem(item: item, receipt: receipt, salt: body.salt)
    }

    /// Asks for the channel's state; only the signer is told.
    public func state(at time: UInt64) async throws -> ChannelBody {
        let query = ChannelQuery(channelID: id, time: time)
        let signature = key.sign(service.domain.digest(of: query))
        return try await service.client.get("/v1/channels/\(id.hex)?time=\(time)&signature=\(signature.hex)")
    }

    /// Closes the channel by agreement; what is left goes to the payer's payable.
    public func close(validUntil: UInt64) async throws -> Amount {
        let statement = CloseChannel(channelID: id, charged: charged, validUntil: validUntil)
        let body = CloseChannelBody(
            charged: charged, validUntil: validUntil, signature: key.sign(service.domain.digest(of: statement)))
        let answer: ChannelClosedBody = try await service.client.post("/v1/channels/\(id.hex)/close", body)
        return answer.returned
    }
}
