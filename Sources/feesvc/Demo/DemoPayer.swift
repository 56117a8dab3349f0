import Channels
import Payer
import Primitives

/// A message that a payer is to send.
struct EnvelopeOrder: Sendable {
    let message: TraceMessage
    /// Its place in the trace.
    let number: Int
    /// Its topic's id.
    let topic: Bytes32
    /// Whether it opens its topic and carries postage.
    let isOpening: Bool
}

/// What became of a message.
enum SentEnvelope: Sendable {
    /// It was paid by this charge, and published.
    case accepted(charge: UInt64, head: EnvelopeHead)
    /// The service refused its voucher.
    case rejected(reason: String)
}

/// A gateway of one sender of a trace: the sender's key, a channel, and the nodes in the order in which it tries them.
struct DemoPayer: Sendable {
    /// What a channel is opened with, and topped up by, in units.
    static let deposit = Amount(10_000_000_000)

    let channel: PayerChannel
    private let name: String
    private let identities: DemoIdentities
    private let service: ServiceConnection
    private let settlement: SecretKey
    private let publisher: Publisher
    private let retentionDays: UInt32

    /// Opens the channel and has money confirmed for it; `gateway` tells the channels of one sender apart.
    init(
        sender: Int, gateway: String = "", identities: DemoIdentities, service: ServiceConnection,
        settlement: SecretKey,
        publisher: Publisher, retentionDays: UInt32
    ) async throws {
        name = "\(sender)\(gateway)"
        self.identities = identities
        self.service = service
        self.settlement = settlement
        self.publisher = publisher
        self.retentionDays = retentionDays
        channel = try await PayerChannel(
            opening: identities.bytes("opening/\(name)"), key: identities.payer(sender), service: service)
        try await deposit(Self.deposit, label: "opening")
    }

    /// Pays for messages and publishes them with their receipts.
    func send(_ orders: [EnvelopeOrder], at now: UInt64) async throws -> [SentEnvelope] {
        let (sent, accepted) = try await pay(orders, at: now)
        _ = try await publisher.publish(accepted)
        return sent
    }

    /// Pays for a message that another gateway of the sender has paid for and published.
    func payAgain(_ order: EnvelopeOrder, at now: UInt64) async throws -> Charge {
        let (sent, accepted) = try await pay([order], at: now)
        if let charge = accepted.first?.receipt.charge { return charge }
        var reason = "no answer"
        if case .rejected(let found) = sent.first { reason = found }
        throw OperatorError("The second payment for message \(order.number + 1) failed: \(reason)")
    }

    private func pay(
        _ orders: [EnvelopeOrder], at now: UInt64
    ) async throws -> (sent: [SentEnvelope], accepted: [(envelope: Envelope, receipt: Receipt)]) {
        let expiry = UTCDay(number: UTCDay(containing: now).number + retentionDays)
        let envelopes = orders.map {
            identities.envelope($0.message, number: $0.number, topic: $0.topic, expiryDay: expiry)
        }
        let items = zip(orders, envelopes).map { order, envelope in
            Result { () throws(PriceRefusal) in try item(order, envelope, now) }
        }
        let priced = items.compactMap { try? $0.get() }
        let need = try Amount.sum(priced.map(\.maxFee))
        let remaining = await channel.remaining
        if remaining < need { try await deposit(max(Self.deposit, need), label: "top-up/\(orders[0].number)") }

        let validUntil = now + service.admission.challengeWindow + service.admission.settlementHorizon + UTCDay.seconds
        var outcomes = try await channel.pay(priced, validUntil: validUntil)[...]
        var accepted: [(envelope: Envelope, receipt: Receipt)] = []
        let sent = zip(envelopes, items).map { envelope, item in
            if case .failure(let refusal) = item { return SentEnvelope.rejected(reason: refusal.detail) }
            switch outcomes.removeFirst() {
            case .paid(let paid):
                accepted.append((envelope, paid.receipt))
                return .accepted(charge: paid.receipt.charge.number, head: envelope.head)
            case .refused(_, let code, let detail): return .rejected(reason: "\(code): \(detail)")
            }
        }
        return (sent, accepted)
    }

    private func item(
        _ order: EnvelopeOrder, _ envelope: Envelope, _ now: UInt64
    ) throws(PriceRefusal) -> Item {
        let postage = order.isOpening ? service.schedule.postage : .zero
        let wanted = Item(
            envelopeHash: envelope.hash, bytes: envelope.head.payloadBytes, expiryDay: envelope.head.expiryDay,
            postage: postage, maxFee: .max)
        let price = try service.schedule.price(wanted, acceptedAt: now, congestion: 0)
        guard let total = try? price.total else { throw .overflow }
        return Item(
            envelopeHash: wanted.envelopeHash, bytes: wanted.bytes, expiryDay: wanted.expiryDay, postage: postage,
            maxFee: total)
    }

    /// Has the embedded settlement confirm money for the channel.
    private func deposit(_ amount: Amount, label: String) async throws {
        let deposit = Deposit(
            channelID: channel.id, amount: amount, reference: identities.bytes("deposit/\(name)/\(label)"))
        let body = SettlementBody(
            subject: HexBytes(channel.id.bytes), amount: amount, reference: deposit.reference,
            signature: settlement.sign(service.domain.digest(of: deposit)))
        let _: [String: String] = try await service.client.post("/v1/settlement/deposits", body)
        try await channel.deposited(amount)
    }
}
