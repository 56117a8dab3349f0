import Channels
import Foundation
import Payer
import Primitives

/// A message as its sender wants it.
struct MessageOrder {
    let payload: [UInt8]
    /// The topic; `nil` for a new one.
    let topic: Bytes32?
    let expiryDay: UTCDay
    let isStamped: Bool
    let maxFee: Amount?
    /// Who publishes, in a closed topic.
    var author: MessageAuthor?

    /// Tells whether an envelope that was paid for is this order's.
    func isMet(by envelope: Envelope, _ item: Item) -> Bool {
        (author?.isMet(by: envelope, payload) ?? (envelope.payload == payload))
            && topic ?? envelope.head.topic == envelope.head.topic
            && envelope.head.expiryDay == expiryDay && (item.postage > .zero) == isStamped
    }
}

/// A message that was paid, and where it is kept.
struct PaidMessage {
    let paid: PaidItem
    let envelope: Envelope
    /// What shows that the payer owns a topic that was made for the message.
    let newTopic: Topic?
    /// Whether an earlier command began it.
    let isResumed: Bool
    var publication: Acknowledgement?
}

/// Pays for one message.
struct ChannelPayment {
    let session: ChannelSession
    let lane: UInt32
    let settlement: SettlementKeyOptions
    let wallet: WalletOptions

    /// Finishes what was interrupted; pays, unless that was this very message.
    func pay(_ order: MessageOrder) async throws -> PaidMessage {
        let outcomes = try await session.channel.finish(now: session.now)
        if let resumed = try resumed(order, outcomes) { return resumed }
        let topic = try await newTopic(for: order)
        let shardBits = session.service.genesis.sharding.bits
        let envelope =
            try order.author?.seal(
                order.payload, expiryDay: order.expiryDay, salt: Self.random(), now: session.now, shardBits: shardBits)
            ?? Envelope(
                topic: topic?.id ?? order.topic ?? .zero, expiryDay: order.expiryDay, salt: Self.random(),
                payload: order.payload, shardBits: shardBits)
        let item = try item(order, envelope)
        try write(envelope)
        do {
            let outcome = try await payOrTopUp(item)
            guard case .refused(_, let code, let detail) = outcome else {
                guard case .paid(let paid) = outcome else { preconditionFailure("an outcome is one of two") }
                return PaidMessage(paid: paid, envelope: envelope, newTopic: topic, isResumed: false)
            }
            throw ServiceRefused(code: code, detail: detail)
        } catch {
            let isPending = await session.channel.record.pending.contains { $0.items == [item] }
            if !isPending { unlink(session.wallet.envelopePath(envelope.hash)) }
            throw error
        }
    }

    /// Among payments that were interrupted and are finished now, the one that this order asks for.
    private func resumed(_ order: MessageOrder, _ outcomes: [PaymentOutcome]) throws -> PaidMessage? {
        var found: PaidMessage?
        for outcome in outcomes {
            guard case .paid(let paid) = outcome else { continue }
            let envelope = try? session.wallet.envelope(paid.item.envelopeHash)
            if found == nil, let envelope, order.isMet(by: envelope, paid.item) {
                found = PaidMessage(paid: paid, envelope: envelope, newTopic: nil, isResumed: true)
            } else {
                let path = session.wallet.receiptPath(of: session.id, charge: paid.receipt.charge.number)
                ChannelOutput.note("A payment that was interrupted is finished; its receipt is \(path).")
            }
        }
        return found
    }

    private func newTopic(for order: MessageOrder) async throws -> Topic? {
        guard order.topic == nil, order.author == nil else { return nil }
        return Topic(owner: await session.channel.record.payer, salt: Self.random())
    }

    private func item(_ order: MessageOrder, _ envelope: Envelope) throws -> Item {
        let schedule = session.service.schedule
        func item(_ maxFee: Amount) -> Item {
            Item(
                envelopeHash: envelope.hash, bytes: envelope.head.payloadBytes, expiryDay: order.expiryDay,
                postage: order.isStamped ? schedule.postage : .zero, maxFee: maxFee)
        }
        do throws(PriceRefusal) {
            let congestion: UInt8 = schedule.targetPerMinute == 0 ? 0 : Congestion.unitsMax
            let price = try schedule.price(item(.max), acceptedAt: session.now, congestion: congestion)
            if let maxFee = order.maxFee { return item(maxFee) }
            guard let total = try? price.total else { throw .overflow }
            return item(total)
        } catch {
            throw OperatorError("This message can't be sent: \(error.detail)")
        }
    }

    private func payOrTopUp(_ item: Item) async throws -> PaymentOutcome {
        func pay() async throws -> PaymentOutcome {
            try await session.channel.pay(
                [item], lane: lane, validUntil: session.voucherValidUntil, now: session.now)[0]
        }
        do {
            return try await pay()
        } catch WalletChannelError.funds(let lacking) {
            guard let deposits = try await ChannelDeposits(session, settlement, wallet),
                try await deposits.topUp(lacking: lacking)
            else { throw WalletChannelError.funds(lacking: lacking) }
            return try await pay()
        }
    }

    private func write(_ envelope: Envelope) throws {
        var encoder = CanonicalEncoder()
        envelope.write(to: &encoder)
        try PrivateFile(path: session.wallet.envelopePath(envelope.hash)).create(encoder.bytes)
    }

    private static func random() -> Bytes32 {
        var generator = SystemRandomNumberGenerator()
        guard let word = Bytes32((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }) else {
            preconditionFailure("32 bytes are a word")
        }
        return word
    }
}

extension ChannelPayment {
    private struct Report: Encodable {
        let channelId: Bytes32
        let envelopeHash: Bytes32
        let topic: Bytes32
        let topicSalt: Bytes32?
        let charge: UInt64
        let logIndex: UInt64
        let base: Amount
        let storage: Amount
        let congestion: Amount
        let postage: Amount
        let total: Amount
        let publishBy: UInt64
        let receiptFile: String
        let envelopeFile: String
        let resumed: Bool
        let event: Bytes32?
        let available: Amount?
        let remainingToday: Amount?
    }

    /// Says what was paid, and warns where little is left.
    func report(_ message: PaidMessage, asJSON: Bool) async throws {
        let record = await session.channel.record
        let account = await session.channel.account
        let charge = message.paid.receipt.charge
        let total = try charge.price.total
        let receiptFile = session.wallet.receiptPath(of: session.id, charge: charge.number)
        let envelopeFile = session.wallet.envelopePath(message.envelope.hash)
        if let low = record.limits.lowBalance, let left = account?.available, left < low {
            ChannelOutput.note(
                "warning: \(session.currency.both(left)) are left, below \(low); feesvc channel topup adds to it.")
        }
        guard !asJSON else {
            return try ChannelOutput.json(
                Report(
                    channelId: session.id, envelopeHash: charge.envelopeHash, topic: message.envelope.head.topic,
                    topicSalt: message.newTopic?.salt, charge: charge.number,
                    logIndex: message.paid.receipt.leaf.index, base: charge.price.base,
                    storage: charge.price.storage, congestion: charge.price.congestion,
                    postage: charge.price.postage, total: total, publishBy: charge.publishBy,
                    receiptFile: receiptFile, envelopeFile: envelopeFile, resumed: message.isResumed,
                    event: message.publication?.event, available: account?.available,
                    remainingToday: record.limits.remaining(record.spent.on(UTCDay(containing: session.now)))))
        }
        var lines = [
            (message.isResumed ? "finished" : "paid", session.currency.both(total)),
            ("charge", "\(charge.number), leaf \(message.paid.receipt.leaf.index) of the log"),
            ("receipt", receiptFile), ("envelope", envelopeFile), ("topic", message.envelope.head.topic.hex),
        ]
        if let event = message.publication?.event {
            lines.append(("published", "event \(event)"))
        } else {
            lines.append(("publish by", ChannelOutput.moment(charge.publishBy)))
        }
        if let left = account?.available { lines.append(("available", session.currency.both(left))) }
        ChannelOutput.lines(lines)
    }
}
