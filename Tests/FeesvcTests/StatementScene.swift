import Channels
import Foundation
import Ledger
import Payer
import Primitives
import Rewards
import Storage

@testable import feesvc

/// Payers, owners, nodes and the settlement that do whatever a seed says, for several epochs. What the service refuses is
/// left out.
struct StatementScene {
    private struct PaidChannel {
        let id: Bytes32
        let key: SecretKey
        var sequence: UInt64 = 0
        var ceiling: UInt128 = 0
        var withdrawn: UInt128 = 0
    }

    private struct Paid {
        let number: UInt64
        let epoch: UInt64
        let envelope: Envelope
        let channel: Int
    }

    private static let nodes = 3
    private static let owner = SecretKey(seed: 1, label: "owner")
    private static let topic = Topic(owner: owner.address, salt: SHA256.hash([1]))

    let fixture: ServiceFixture
    private var generator: SplitMix64
    /// The last is also an operator: its claims are payable beside what its channels leave.
    private let payers = [
        SecretKey(seed: 3, label: "first"), SecretKey(seed: 3, label: "second"), ServiceFixture.operatorKey(1),
    ]
    private var channels: [PaidChannel] = []
    private var paid: [Paid] = []
    private var results: [EpochResult] = []
    private var references: UInt64 = 0

    init(_ fixture: ServiceFixture, seed: UInt64) {
        self.fixture = fixture
        generator = SplitMix64(seed: seed)
    }

    /// Plays from the beginning until an epoch has ended, a third of the next one included.
    mutating func play(through epoch: UInt64) async throws {
        try await fixture.registerNodes(Self.nodes)
        for payer in payers { try await open(payer) }
        try await goOn(through: epoch)
    }

    /// Plays on until a later epoch has ended.
    mutating func goOn(through epoch: UInt64) async throws {
        let end = ServiceFixture.start + epoch * ServiceFixture.epochLength + ServiceFixture.epochLength / 3
        while fixture.service.clock.now < end {
            let step = UInt64.random(in: 600...36_000, using: &generator)
            try await advance(to: fixture.service.clock.now + step)
            for _ in 0..<Int.random(in: 1...4, using: &generator) { try await unlessRefused { try await $0.act() } }
        }
    }

    private mutating func unlessRefused(_ body: (inout Self) async throws -> Void) async throws {
        do {
            try await body(&self)
        } catch is Refusal {
        } catch is VoucherRefusal {
        }
    }

    /// Moves on, and does at each edge what nodes and operators do.
    private mutating func advance(to time: UInt64) async throws {
        let clock = fixture.service.genesis.epochs
        while true {
            let open = await fixture.service.state.openEpoch
            guard clock.edge(of: open) <= time else { break }
            try await fixture.advance(to: clock.edge(of: open))
            try await end(open)
        }
        try await fixture.advance(to: time)
    }

    private mutating func end(_ epoch: UInt64) async throws {
        for node in 1...Self.nodes {
            let held = paid.filter { $0.epoch == epoch }.map(\.number)
                .filter { _ in Int.random(in: 0..<4, using: &generator) > 0 }
            try await fixture.deliver(held, epoch: epoch, node: node)
        }
        try await fixture.observeAll(Self.nodes, epoch: epoch)
        let result = try await fixture.service.seal(epoch)
        for number in 1...Self.nodes {
            let key = ServiceFixture.operatorKey(number)
            _ = try await fixture.service.attest(
                epoch: epoch, operatorAddress: key.address, signature: sign(result.attestation, key))
        }
        results.append(result)
    }

    private func sign(_ statement: some TypedStatement, _ key: SecretKey) -> Signature {
        key.sign(fixture.service.domain.digest(of: statement))
    }

    private mutating func reference() -> Bytes32 {
        references += 1
        return SHA256.hash(Array("reference \(references)".utf8))
    }

    private mutating func act() async throws {
        switch Int.random(in: 0..<32, using: &generator) {
        case 0..<12: try await pay()
        case 12..<14: try await deposit()
        case 14..<17: try await welcome()
        case 17..<19: try await delete()
        case 19..<22: try await show()
        case 22..<25: try await payTwice()
        case 25..<27: try await withdraw()
        case 27: try await close()
        case 28: try await payOut()
        case 29: try await claim()
        case 30: try await declareOutage()
        default: try await open(payers[Int.random(in: payers.indices, using: &generator)])
        }
    }

    // MARK: Channels

    private mutating func open(_ key: SecretKey) async throws {
        let opening = OpenChannel(payer: key.address, signer: key.address, opening: reference())
        let id = opening.channelID(in: fixture.service.domain)
        _ = try await fixture.service.open(opening, signature: key.sign(id))
        try await fixture.deposit(
            Amount(UInt128.random(in: 1...4, using: &generator) * 1_000_000_007), to: id, reference: reference())
        channels.append(PaidChannel(id: id, key: key))
    }

    private mutating func deposit() async throws {
        guard let channel = channels.randomElement(using: &generator) else { return }
        try await fixture.deposit(
            Amount(UInt128.random(in: 1...3_000_000_000, using: &generator)), to: channel.id, reference: reference())
    }

    private mutating func withdraw() async throws {
        guard let place = channels.indices.randomElement(using: &generator) else { return }
        let cumulative = channels[place].withdrawn + UInt128.random(in: 1_000...500_000_000, using: &generator)
        let statement = Withdrawal(
            channelID: channels[place].id, cumulative: Amount(cumulative), validUntil: fixture.service.clock.now)
        _ = try await fixture.withdraw(statement, by: channels[place].key)
        channels[place].withdrawn = cumulative
    }

    private mutating func close() async throws {
        guard let channel = channels.randomElement(using: &generator) else { return }
        if Bool.random(using: &generator) {
            let request = RequestClose(channelID: channel.id, validUntil: fixture.service.clock.now)
            _ = try await fixture.close(request, by: channel.key)
        } else {
            let charged = try await fixture.stored(channel.id)?.state.charged ?? .zero
            let agreement = CloseChannel(
                channelID: channel.id, charged: charged, validUntil: fixture.service.clock.now)
            _ = try await fixture.service.close(agreement, signature: sign(agreement, channel.key))
        }
    }

    private mutating func payOut() async throws {
        guard let key = payers.randomElement(using: &generator) else { return }
        let payable = try await fixture.balance(.payable(key.address))
        let payout = Payout(
            account: key.address, amount: Amount(payable.units / 1_000_000 / 2 * 1_000_000), reference: reference())
        try await fixture.service.paid(payout, signature: sign(payout, fixture.settlement))
    }

    // MARK: Messages

    private mutating func envelope() -> Envelope {
        let day = UTCDay(containing: fixture.service.clock.now).number + UInt32.random(in: 30...33, using: &generator)
        let salt = reference()
        return Envelope(
            topic: Self.topic.id, expiryDay: UTCDay(number: day), salt: salt,
            payload: [UInt8](repeating: 7, count: Int.random(in: 0...3_000, using: &generator)))
    }

    private mutating func pay() async throws {
        guard let place = channels.indices.randomElement(using: &generator) else { return }
        let envelopes = (0..<Int.random(in: 1...4, using: &generator)).map { _ in envelope() }
        try await pay(envelopes, from: place)
    }

    /// Pays from another channel for what was paid before, and shows it.
    private mutating func payTwice() async throws {
        guard let first = paid.randomElement(using: &generator),
            let place = channels.indices.randomElement(using: &generator), place != first.channel
        else { return }
        try await pay([first.envelope], from: place)
        guard let second = paid.last, second.envelope == first.envelope, second.number > first.number else { return }
        _ = try await fixture.service.refundDouble(DoubleCharge(charge: second.number, first: first.number))
    }

    private mutating func pay(_ envelopes: [Envelope], from place: Int) async throws {
        let items = envelopes.map { envelope in
            let postage: Amount = Int.random(in: 0..<3, using: &generator) == 0 ? 1_000_000_000 : 0
            return Item(
                envelopeHash: envelope.hash, bytes: envelope.head.payloadBytes, expiryDay: envelope.head.expiryDay,
                postage: postage, maxFee: Amount(postage.units + 80_000_000))
        }
        let ceiling = channels[place].ceiling + items.reduce(0) { $0 + $1.maxFee.units }
        let voucher = fixture.voucher(
            items, channel: channels[place].id, key: channels[place].key, sequence: channels[place].sequence + 1,
            ceiling: Amount(ceiling))
        let receipts = try await fixture.pay(voucher)
        channels[place].sequence += 1
        channels[place].ceiling = ceiling
        for (receipt, envelope) in zip(receipts, envelopes) {
            paid.append(
                Paid(
                    number: receipt.charge.number, epoch: receipt.charge.epoch, envelope: envelope, channel: place))
        }
    }

    private mutating func welcome() async throws {
        guard let one = paid.randomElement(using: &generator) else { return }
        let statement = WelcomeStatement(topic: Self.topic.id, envelopeHash: one.envelope.hash)
        let welcome = Welcome(head: one.envelope.head, topic: Self.topic, signature: sign(statement, Self.owner))
        _ = try await fixture.service.welcome(welcome, charge: one.number)
    }

    private mutating func delete() async throws {
        guard let one = paid.randomElement(using: &generator) else { return }
        let statement = DeletionStatement(topic: Self.topic.id, envelopeHash: one.envelope.hash)
        let deletion = Deletion(head: one.envelope.head, topic: Self.topic, signature: sign(statement, Self.owner))
        _ = try await fixture.service.delete(deletion, charge: one.number)
    }

    /// Shows a node's acknowledgement or refusal.
    private mutating func show() async throws {
        guard let one = paid.suffix(12).randomElement(using: &generator) else { return }
        let node = Int.random(in: 1...Self.nodes, using: &generator)
        let key = ServiceFixture.nodeKey(node)
        let now = fixture.service.clock.now
        if Bool.random(using: &generator) {
            let acknowledgement = Acknowledgement(
                node: UInt32(node), event: .zero, charge: one.number, envelopeHash: one.envelope.hash, time: now)
            try await fixture.service.keep(acknowledgement, signature: sign(acknowledgement.statement, key))
        } else {
            let refusal = NodeRefusal(
                node: UInt32(node), charge: one.number, envelopeHash: one.envelope.hash, code: "disk_full", time: now)
            try await fixture.service.keep(refusal, signature: sign(refusal.statement, key))
        }
    }

    // MARK: Operators

    private mutating func claim() async throws {
        guard let result = results.last, let row = result.rows.randomElement(using: &generator),
            let proof = RewardTree(result.rows)?.proof(of: row.node)
        else { return }
        _ = try await fixture.service.pay(
            RewardClaim(
                epoch: result.epoch, node: row.node, payout: row.payout, cumulative: row.cumulative, proof: proof))
    }

    private mutating func declareOutage() async throws {
        let today = UTCDay(containing: fixture.service.clock.now)
        let back = UInt32.random(in: 0...2, using: &generator)
        let outage = Outage(
            day: UTCDay(number: today.number - back), parts: UInt32.random(in: 1...1_000_000_000, using: &generator))
        _ = try await fixture.service.declare(
            DeclaredOutage(
                outage: outage,
                signers: (1...Self.nodes).map {
                    let key = ServiceFixture.operatorKey($0)
                    return DeclaredOutage.Signer(operatorAddress: key.address, signature: sign(outage, key))
                }))
    }
}
