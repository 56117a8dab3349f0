public import Channels
public import Primitives

/// Why a payment failed on the payer's side.
public enum PaymentError: Error, CustomStringConvertible {
    /// The service's answer does not prove what it should.
    case receipt(ReceiptRefusal)
    /// The service answered for another number of vouchers or items.
    case count(expected: Int, found: Int)
    /// The service charged more than was agreed.
    case overcharged(envelopeHash: Bytes32)

    /// One sentence for a log or a person.
    public var description: String {
        switch self {
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

/// What became of an item.
public enum PaymentOutcome: Sendable {
    /// It was charged, and here is the proof.
    case paid(PaidItem)
    /// The service refused its voucher; nothing moved.
    case refused(status: Int, code: String, detail: String)

    /// Whether it was charged.
    public var isPaid: Bool {
        switch self {
        case .paid: true
        case .refused: false
        }
    }
}

/// The payer's side of one lane of a channel: what it has signed, and how it pays.
///
/// One request is under way at a time, so that vouchers arrive in the order in which they were signed.
public actor PayerChannel {
    private let service: ServiceConnection
    private let key: SecretKey
    /// The channel's id.
    public nonisolated let id: Bytes32
    private let requests = AsyncMutex()
    private var signer: LaneSigner
    private var deposited = Amount.zero

    /// Opens a channel whose payer and signer is `key`, and pays on one of its lanes. The same opening again is the same
    /// channel: so several gateways pay from one, each on a lane of its own.
    public init(
        opening: Bytes32, key: SecretKey, service: ServiceConnection, lane: UInt32 = 0
    ) async throws {
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
        signer = LaneSigner(channelID: answer.channelId, lane: lane)
    }

    /// What the channel can still pay, refunds that the payer has not asked about left out.
    public var remaining: Amount { (try? deposited.subtracting(signer.charged)) ?? .zero }

    /// Notes a deposit that the settlement has confirmed to the service.
    public func deposited(_ amount: Amount) throws {
        deposited = try deposited.adding(amount)
    }

    /// Notes a refund that the service has confirmed.
    public func refunded(_ amount: Amount) throws {
        deposited = try deposited.adding(amount)
    }

    /// Pays for messages, a voucher each, in as few requests as allowed. Receipts are checked before they are believed.
    ///
    /// Where a request fails, asking for the same items again sends the same vouchers again: nothing is paid twice.
    public func pay(_ items: [Item], validUntil: UInt64) async throws -> [PaymentOutcome] {
        try await requests.withLock {
            var outcomes: [PaymentOutcome] = []
            var rest = items[...]
            while !rest.isEmpty {
                outcomes += try await payAtOnce(Array(rest.prefix(VouchersBody.countMax)), validUntil: validUntil)
                rest = rest.dropFirst(VouchersBody.countMax)
            }
            return outcomes
        }
    }

    private func payAtOnce(_ items: [Item], validUntil: UInt64) async throws -> [PaymentOutcome] {
        var vouchers: [SignedVoucher] = []
        for item in items {
            vouchers.append(try signer.sign(item, validUntil: validUntil, key: key, domain: service.domain))
        }
        let bytes = try await service.client.exchange("/v1/vouchers", bytes: VoucherFrames.request(vouchers))
        let answer = try VoucherFrames.Answer(bytes)
        guard answer.results.count == items.count else {
            throw PaymentError.count(expected: items.count, found: answer.results.count)
        }
        try await service.check(answer.head)
        var outcomes: [PaymentOutcome] = []
        for (item, result) in zip(items, answer.results) {
            switch result {
            case .charged(let charges):
                guard let charge = charges.first, charges.count == 1 else {
                    throw PaymentError.count(expected: 1, found: charges.count)
                }
                outcomes.append(.paid(try accept(charge, answer.head, for: item)))
            case .refused(let status, let code, let detail):
                signer.refused(item.envelopeHash)
                outcomes.append(.refused(status: Int(status), code: code, detail: detail))
            }
        }
        return outcomes
    }

    private func accept(
        _ charged: VoucherFrames.Charged, _ head: SignedHead, for item: Item
    ) throws -> PaidItem {
        let receipt: Receipt
        do {
            receipt = try Receipt(charged, head: head)
            try service.checkContents(of: receipt, salt: charged.salt, item: item, channelID: id)
        } catch {
            throw PaymentError.receipt(error)
        }
        let total = try receipt.charge.price.total
        guard total <= item.maxFee else { throw PaymentError.overcharged(envelopeHash: item.envelopeHash) }
        try signer.charged(item.envelopeHash, total)
        return PaidItem(item: item, receipt: receipt, salt: charged.salt)
    }

    /// Asks for the channel's state; only the signer is told.
    public func state(at time: UInt64) async throws -> ChannelBody {
        let query = ChannelQuery(channelID: id, time: time)
        let signature = key.sign(service.domain.digest(of: query))
        return try await service.client.get("/v1/channels/\(id.hex)?time=\(time)&signature=\(signature.hex)")
    }

    /// Asks where each unit of one of the channel's charges is, and what went back of it.
    public func standing(of charge: UInt64, at time: UInt64) async throws -> ChargeStandingBody {
        let query = ChannelQuery(channelID: id, time: time)
        let signature = key.sign(service.domain.digest(of: query))
        return try await service.client.get(
            "/v1/channels/\(id.hex)/charges/\(charge)?time=\(time)&signature=\(signature.hex)")
    }

    /// Closes the channel by agreement; what is left goes to the payer's payable.
    public func close(validUntil: UInt64) async throws -> Amount {
        let charged = signer.charged
        let statement = CloseChannel(channelID: id, charged: charged, validUntil: validUntil)
        let body = CloseChannelBody(
            charged: charged, validUntil: validUntil, signature: key.sign(service.domain.digest(of: statement)))
        let answer: ChannelClosedBody = try await service.client.post("/v1/channels/\(id.hex)/close", body)
        return answer.returned
    }
}
