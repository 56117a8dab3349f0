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

/// A message that was paid and published.
struct PaidEnvelope: Sendable {
    let charge: UInt64
    let head: EnvelopeHead
}

/// One sender of a trace: a key, a channel, and the nodes in the order in which it tries them.
struct DemoPayer: Sendable {
    /// What a channel is opened with, and topped up by, in units.
    static let deposit = Amount(10_000_000_000)

    let channel: PayerChannel
    private let sender: Int
    private let identities: DemoIdentities
    private let service: ServiceConnection
    private let settlement: SecretKey
    private let publisher: Publisher
    private let retentionDays: UInt32

    init(
        sender: Int, identities: DemoIdentities, service: ServiceConnection, settlement: SecretKey,
        publisher: Publisher, retentionDays: UInt32
    ) async throws {
        self.sender = sender
        self.identities = identities
        self.service = service
        self.settlement = settlement
        self.publisher = publisher
        self.retentionDays = retentionDays
        channel = try await PayerChannel(
            opening: identities.bytes("opening/\(sender)"), key: identities.payer(sender), service: service)
        try await deposit(Self.deposit, label: "opening")
    }

    /// Pays for messages and publishes them with their receipts.
    func send(_ orders: [EnvelopeOrder], at now: UInt64) async throws -> [PaidEnvelope] {
        let expiry = UTCDay(number: UTCDay(containing: now).number + retentionDays)
        let envelopes = orders.map {
            identities.envelope($0.message, number: $0.number, topic: $0.topic, expiryDay: expiry)
        }
        let items = try zip(orders, envelopes).map { try item($0, $1, now) }
        let need = try Amount.sum(items.map(\.maxFee))
        let remaining = await channel.remaining
        if remaining < need { try await deposit(max(Self.deposit, need), label: "top-up/\(orders[0].number)") }

        let validUntil = now + service.admission.challengeWindow + service.admission.settlementHorizon + UTCDay.seconds
        let paid = try await channel.pay(items, validUntil: validUntil)
        _ = try await publisher.publish(zip(envelopes, paid).map { ($0, $1.receipt) })
        return zip(envelopes, paid).map { PaidEnvelope(charge: $1.receipt.charge.number, head: $0.head) }
    }

    private func item(_ order: EnvelopeOrder, _ envelope: Envelope, _ now: UInt64) throws -> Item {
        let postage = order.isOpening ? service.schedule.postage : .zero
        let wanted = Item(
            envelopeHash: envelope.hash, bytes: envelope.head.payloadBytes, expiryDay: envelope.head.expiryDay,
            postage: postage, maxFee: .max)
        let price = try service.schedule.price(wanted, acceptedAt: now, congestion: 0)
        return Item(
            envelopeHash: wanted.envelopeHash, bytes: wanted.bytes, expiryDay: wanted.expiryDay, postage: postage,
            maxFee: try price.total)
    }

    /// Has the embedded settlement confirm money for the channel.
    private func deposit(_ amount: Amount, label: String) async throws {
        let deposit = Deposit(
            channelID: channel.id, amount: amount, reference: identities.bytes("deposit/\(sender)/\(label)"))
        let body = SettlementBody(
            subject: HexBytes(channel.id.bytes), amount: amount, reference: deposit.reference,
            signature: settlement.sign(service.domain.digest(of: deposit)))
        let _: [String: String] = try await service.client.post("/v1/settlement/deposits", body)
        try await channel.deposited(amount)
    }
}
