import Channels
import Payer
import Primitives

/// How often something went back on a ground, and how much.
struct RefundTally: Equatable, Sendable {
    var count = 0
    var amount = Amount.zero

    mutating func add(_ amount: Amount) throws(AmountError) {
        count += 1
        self.amount = try self.amount.adding(amount)
    }
}

/// An opening that was paid, kept until it is welcomed.
struct PaidOpening: Sendable {
    let channel: PayerChannel
    let charge: UInt64
    let head: EnvelopeHead
}

/// Shows the service the evidence of a demo's refunds as payers, topics' owners and operators would, and keeps what it answers.
actor DemoRefunds {
    /// Of so many messages of a trace, the first is paid twice.
    static let messagesPerDouble = 50
    /// Of so many welcomed openings of which storage is left, the first is deleted.
    static let welcomesPerDeletion = 5

    private let identities: DemoIdentities
    private let service: ServiceConnection
    private var openings: [TraceMessage.TopicName: PaidOpening] = [:]
    private var deletable = 0
    /// Second charges of an envelope by epoch, until the delivery cut decides on them.
    private var doubles: [UInt64: [(charge: UInt64, channel: PayerChannel)]] = [:]
    /// What payers were told goes back, by ground.
    private(set) var told: [RefundGround: RefundTally] = [:]

    init(identities: DemoIdentities, service: ServiceConnection) {
        self.identities = identities
        self.service = service
    }

    /// Takes note of an opening that may be welcomed.
    func note(_ opening: PaidOpening, of topic: TraceMessage.TopicName) { openings[topic] = opening }

    /// The topic's owner, who answers, gives the postage back; now and then it deletes what it has answered.
    func welcome(_ name: TraceMessage.TopicName, by sender: Int, at time: UInt64) async throws {
        guard let opening = openings.removeValue(forKey: name) else { return }
        let head = opening.head
        let statement = WelcomeStatement(topic: head.topic, envelopeHash: head.hash)
        let key = identities.owner(of: name, sender: sender)
        let topic = identities.topic(name, owner: sender)
        let welcome = Welcome(head: head, topic: topic, signature: key.sign(service.domain.digest(of: statement)))
        let refund: RefundBody = try await service.client.post(
            "/v1/welcomes", WelcomeBody(charge: opening.charge, welcome: HexBytes(welcome.canonicalBytes)))
        try await opening.channel.refunded(refund.amount)
        try note(refund.amount, on: .welcomed)

        guard head.payloadBytes > 0, head.expiryDay > UTCDay(containing: time) else { return }
        if deletable.isMultiple(of: Self.welcomesPerDeletion) { try await delete(opening, topic: topic, by: key) }
        deletable += 1
    }

    /// A topic's owner deletes a message: storage of the days to come goes back.
    private func delete(_ opening: PaidOpening, topic: Topic, by key: SecretKey) async throws {
        let head = opening.head
        let statement = DeletionStatement(topic: head.topic, envelopeHash: head.hash)
        let deletion = Deletion(head: head, topic: topic, signature: key.sign(service.domain.digest(of: statement)))
        let refund: RefundBody = try await service.client.post(
            "/v1/deletions", DeletionBody(charge: opening.charge, deletion: HexBytes(deletion.canonicalBytes)))
        try await opening.channel.refunded(refund.amount)
        try note(refund.amount, on: .deletedEarly)
    }

    /// Shows that a charge is the second for its envelope; its channel is told at the delivery cut of its epoch.
    func show(_ charge: Charge, after first: UInt64, on channel: PayerChannel) async throws {
        let _: RefundBody = try await service.client.post(
            "/v1/double-charges", DoubleChargeBody(charge: charge.number, first: first))
        doubles[charge.epoch, default: []].append((charge.number, channel))
    }

    /// Asks what became of an epoch's second charges, once its delivery cut is over.
    func hearOfDoubles(in epoch: UInt64, at time: UInt64) async throws {
        for double in doubles.removeValue(forKey: epoch) ?? [] {
            let standing = try await double.channel.standing(of: double.charge, at: time)
            let given = standing.refunds.filter { $0.ground == RefundGround.chargedTwice.name }
            try note(try Amount.sum(given.map(\.amount)), on: .chargedTwice)
        }
    }

    /// Operators declare an outage.
    ///
    /// - Returns: what goes back in all, `nil` where nothing was stored on that day.
    func declare(_ outage: Outage, by operators: [SecretKey]) async throws -> Amount? {
        let digest = service.domain.digest(of: outage)
        let declared = DeclaredOutage(
            outage: outage,
            signers: operators.map {
                DeclaredOutage.Signer(operatorAddress: $0.address, signature: $0.sign(digest))
            })
        let answer: [String: Amount]
        do {
            answer = try await service.client.post(
                "/v1/outages", OutageBody(outage: HexBytes(declared.canonicalBytes)))
        } catch ClientError.problem(let problem) where problem.code == "outage/nothing-stored" {
            return nil
        }
        let total = answer["total"] ?? .zero
        try note(total, on: .declaredOutage)
        return total
    }

    private func note(_ amount: Amount, on ground: RefundGround) throws {
        try told[ground, default: RefundTally()].add(amount)
    }

    /// What of each day the network lacked while one of `nodes` was away: the node's share, for as long as it was.
    static func outages(from begin: UInt64, to end: UInt64, ofOneIn nodes: Int) -> [Outage] {
        guard begin < end, nodes > 0 else { return [] }
        return (UTCDay(containing: begin).number...UTCDay(containing: end - 1).number).compactMap { number in
            let day = UTCDay(number: number)
            let seconds = min(end, day.next.start) - max(begin, day.start)
            let parts = seconds * UInt64(Outage.whole) / (UTCDay.seconds * UInt64(nodes))
            return parts > 0 ? Outage(day: day, parts: UInt32(parts)) : nil
        }
    }
}
