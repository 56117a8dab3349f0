import Channels
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Something that somebody asks of a service, at a time.
struct MoneyAct: Sendable {
    let name: String
    /// Seconds after the start.
    let time: UInt64
    /// With which codes somebody is refused who asks for it once more.
    var decided: Set<String> = []
    /// Asks for it. Asked again it does nothing twice.
    let body: @Sendable (ServiceFixture) async throws -> Void
}

/// What money does in three epochs, from the first deposit to the last payout, act by act.
///
/// Everything that is signed follows from keys, places and times, so that who lost an answer sends the same bytes again.
struct MoneyPath: RefundScene {
    static let day = UTCDay.seconds
    static let edge = ServiceFixture.epochLength
    static let cut = edge + day

    /// The charges, in the order in which they are made.
    enum Charge: UInt64 {
        case dear = 1
        case hello, short, lost, refused, helloAgain, held, gateway
        case later, heldAgain, stamped
        case dearer
    }

    private let gateway = SecretKey(seed: 5, label: "gateway")
    private let newLogKey = SecretKey(seed: 5, label: "log key of later")

    // MARK: Who and what

    func opening(_ place: Int) -> OpenChannel {
        let key = ServiceFixture.payer(place)
        return OpenChannel(payer: key.address, signer: key.address, opening: SHA256.hash(key.address.bytes))
    }

    func channel(_ place: Int, _ fixture: ServiceFixture) -> Bytes32 {
        opening(place).channelID(in: fixture.service.domain)
    }

    /// A message that anybody can make again: 64 bytes, stored for 20 days, or for five where its name says so.
    func message(_ name: String) -> Envelope {
        let days: UInt32 = name.hasPrefix("short") ? 5 : 20
        return Envelope(
            topic: topic.id, expiryDay: UTCDay(number: UTCDay(containing: ServiceFixture.start).number + days),
            salt: SHA256.hash(Array(name.utf8)), payload: [UInt8](repeating: 7, count: 64))
    }

    /// A voucher for messages, of which those with an asterisk are stamped.
    func voucher(
        _ place: Int, _ sequence: UInt64, _ names: [String], ceiling: Amount, lane: UInt32 = 0,
        by signer: SecretKey? = nil,
        _ fixture: ServiceFixture
    ) -> SignedVoucher {
        let items = names.map { name in
            fixture.item(message(name), postage: name.hasSuffix("*") ? 1_000_000_000 : .zero)
        }
        let voucher = Voucher(
            channelID: channel(place, fixture), lane: lane, sequence: sequence, cumulativeAmount: ceiling,
            validUntil: ServiceFixture.start + 100 * Self.day, itemsHash: Item.hash(of: items))
        return SignedVoucher(
            voucher: voucher, items: items,
            signature: (signer ?? ServiceFixture.payer(place)).sign(fixture.service.domain.digest(of: voucher)))
    }

    /// Has vouchers accepted, each with so many charges.
    func accept(_ vouchers: [SignedVoucher], charges: [Int], _ fixture: ServiceFixture) async throws {
        let decisions = try await fixture.decide(vouchers)
        #expect(try decisions.map { try $0.get().count } == charges)
    }

    func result(_ epoch: UInt64, _ fixture: ServiceFixture) async throws -> EpochResult {
        let stored = try await fixture.service.read { try await EpochStore($0).epoch(epoch) }
        return try #require(stored?.result)
    }

    func order(_ order: AdminOrder, nonce: UInt64) -> @Sendable (ServiceFixture) async throws -> Void {
        { fixture in try await fixture.order(order, nonce: nonce) }
    }

    /// What comes before the path: a fourth channel pays too much, under a schedule that is not the log's. Nobody is
    /// connected afterwards.
    func payTooMuch(_ fixture: ServiceFixture) async throws {
        await fixture.service.close()
        let dear = try await fixture.withSchedule(base: 40_000_000, storagePerByteDay: 23)
        _ = try await dear.channel(ServiceFixture.payer(3), deposit: 9_000_000_000)
        try await accept([voucher(3, 1, ["dear"], ceiling: 50_000_000, dear)], charges: [1], dear)
        await dear.service.close()
        try await dear.withSchedule(base: 38_500_000, storagePerByteDay: 22).close()
    }

    // MARK: The path

    var acts: [MoneyAct] { beginning + firstEpoch + firstEdge + secondEpoch + end }

    private var beginning: [MoneyAct] {
        [
            MoneyAct(name: "stakes come and nodes are registered", time: 0) { try await $0.registerNodes(3) },
            MoneyAct(name: "a channel is asked for", time: 20) { fixture in
                _ = try await fixture.service.open(
                    opening(0), signature: ServiceFixture.payer(0).sign(channel(0, fixture)))
            },
            MoneyAct(name: "a deposit makes it one", time: 21) { fixture in
                try await fixture.deposit(90_000_000_000, to: channel(0, fixture), reference: SHA256.hash([0]))
            },
            MoneyAct(name: "two more channels", time: 30) { fixture in
                for place in 1...2 {
                    _ = try await fixture.channel(ServiceFixture.payer(place), deposit: 9_000_000_000)
                }
            },
            MoneyAct(name: "a gateway may sign", time: 40) { fixture in
                let delegation = Delegation(
                    channelID: channel(0, fixture), signer: gateway.address, lane: 1, ceiling: 5_000_000_000,
                    expires: ServiceFixture.start + 100 * Self.day, nonce: 1)
                _ = try await fixture.delegate(delegation, by: ServiceFixture.payer(0))
            },
        ]
    }

    private var firstEpoch: [MoneyAct] {
        [
            MoneyAct(name: "vouchers of two channels", time: 100) { fixture in
                let one = voucher(0, 1, ["hello*", "short", "lost*"], ceiling: 4_000_000_000, fixture)
                let two = voucher(1, 1, ["refused", "hello*"], ceiling: 3_000_000_000, fixture)
                try await accept([one, two], charges: [3, 2], fixture)
            },
            MoneyAct(name: "a message that was paid before, under a newer voucher", time: 200) { fixture in
                try await accept(
                    [voucher(0, 2, ["hello*", "held"], ceiling: 5_000_000_000, fixture)], charges: [2], fixture)
            },
            MoneyAct(name: "a gateway's voucher", time: 210) { fixture in
                let voucher = voucher(
                    0, 1, ["short of the gateway*"], ceiling: 2_000_000_000, lane: 1, by: gateway, fixture)
                try await accept([voucher], charges: [1], fixture)
            },
            MoneyAct(name: "acknowledgements and a refusal are shown", time: 300) { fixture in
                try await acknowledge(Charge.lost.rawValue, message("lost*"), node: 2, fixture)
                try await acknowledge(Charge.held.rawValue, message("held"), node: 1, fixture)
                try await refuse(Charge.refused.rawValue, message("refused"), node: 1, fixture)
            },
            MoneyAct(name: "a second charge is shown", time: 310) { fixture in
                let pair = DoubleCharge(charge: Charge.helloAgain.rawValue, first: Charge.hello.rawValue)
                let decision = try await fixture.service.refundDouble(pair)
                #expect(decision == nil)
            },
            MoneyAct(name: "a price was too high", time: 320, decided: ["overcharge/decided"]) { fixture in
                _ = try await fixture.service.refundOvercharge(of: Charge.dear.rawValue)
            },
            MoneyAct(name: "a message is welcomed", time: 400, decided: ["welcome/decided"]) { fixture in
                let envelope = message("hello*")
                let statement = WelcomeStatement(topic: topic.id, envelopeHash: envelope.hash)
                let welcome = Welcome(
                    head: envelope.head, topic: topic,
                    signature: owner.sign(fixture.service.domain.digest(of: statement)))
                _ = try await fixture.service.welcome(welcome, charge: Charge.hello.rawValue)
            },
            MoneyAct(name: "a withdrawal", time: 500) { fixture in
                let withdrawal = Withdrawal(
                    channelID: channel(0, fixture), cumulative: 3_000_000_000, validUntil: .max)
                _ = try await fixture.withdraw(withdrawal, by: ServiceFixture.payer(0))
            },
            MoneyAct(name: "a grant", time: 600) { fixture in
                let grant = Grant(amount: 1_000_000_007, reference: SHA256.hash([1]))
                try await fixture.service.credit(
                    grant, signature: fixture.settlement.sign(fixture.service.domain.digest(of: grant)))
            },
            MoneyAct(name: "a payout that is refused for good", time: 610) { fixture in
                do {
                    try await pay(out: 2_000_000, to: 2, 2, fixture)
                    Issue.record("nothing was payable")
                } catch let refusal as Refusal {
                    #expect(refusal.code == "settlement/not-payable")
                }
            },
            MoneyAct(
                name: "another ruleset", time: 620, decided: ["act/nonce"],
                body: order(.ruleset(Ruleset.second.canonicalBytes), nonce: 1)),
            MoneyAct(
                name: "another schedule", time: 630, decided: ["act/nonce"], body: order(.schedule(dearer), nonce: 2)),
            MoneyAct(name: "a pause", time: 640, decided: ["act/nonce"], body: order(.pause(true), nonce: 3)),
            MoneyAct(
                name: "the end of a pause", time: 650, decided: ["act/nonce"], body: order(.pause(false), nonce: 4)),
            MoneyAct(name: "a midnight", time: Self.day + 10) { _ in },
            MoneyAct(name: "a deletion", time: Self.day + 100, decided: ["deletion/decided"]) { fixture in
                _ = try await fixture.service.delete(
                    deletion(message("short"), fixture), charge: Charge.short.rawValue)
            },
            MoneyAct(name: "an outage", time: Self.day + 200, decided: ["outage/decided"]) { fixture in
                let day = UTCDay(containing: ServiceFixture.start).next
                _ = try await declare(day, parts: 500_000_000, by: 1...3, fixture)
            },
            MoneyAct(name: "a close is asked for", time: Self.day + 300) { fixture in
                let request = RequestClose(channelID: channel(2, fixture), validUntil: .max)
                _ = try await fixture.close(request, by: ServiceFixture.payer(2))
            },
            MoneyAct(name: "two midnights, the close and the end of stamps", time: 3 * Self.day + 400) { _ in },
        ]
    }

    private var firstEdge: [MoneyAct] {
        [
            MoneyAct(name: "the edge", time: Self.edge + 5) { _ in },
            MoneyAct(name: "the nodes' lists", time: Self.edge + 100) { fixture in
                let charges: [Charge] = [.dear, .hello, .short, .helloAgain, .held, .gateway]
                for node in 1...3 { try await fixture.deliver(charges.map(\.rawValue), epoch: 1, node: node) }
            },
            MoneyAct(name: "the nodes' observations", time: Self.edge + 110) { try await $0.observeAll(3, epoch: 1) },
            MoneyAct(name: "a voucher of the second epoch", time: Self.edge + 200) { fixture in
                try await accept(
                    [voucher(1, 2, ["later", "held", "later*"], ceiling: 5_000_000_000, fixture)], charges: [3], fixture
                )
            },
            MoneyAct(name: "the delivery cut", time: Self.cut + 5) { _ in },
            MoneyAct(
                name: "the first seal", time: Self.cut + 20, decided: ["act/nonce"],
                body: order(.seal(epoch: 1), nonce: 5)),
            MoneyAct(name: "attestations", time: Self.cut + 30) { fixture in
                try await attest(1, fixture)
            },
            MoneyAct(name: "claims", time: Self.cut + 40) { fixture in
                for node in 1...2 { try await claim(1, node: UInt32(node), fixture) }
            },
            MoneyAct(name: "a payout", time: Self.cut + 50) { fixture in
                try await pay(out: 2_000_000_000, to: 0, 3, fixture)
            },
            MoneyAct(name: "a proof that an operator signed two results", time: Self.cut + 60) { fixture in
                _ = try await fixture.service.take(try twoResults(of: 3, try await result(1, fixture), fixture))
            },
            MoneyAct(name: "another log key", time: Self.cut + 70, decided: ["act/nonce"]) { fixture in
                _ = try KeyFolder(path: fixture.directory + "/keys").install(newLogKey, role: "log")
                let statement = KeyRotationStatement(role: KeyRole.log.rawValue, key: newLogKey.address, nonce: 6)
                let rotation = KeyRotation(
                    role: .log, key: newLogKey.address,
                    proof: newLogKey.sign(fixture.service.domain.digest(of: statement)))
                try await fixture.order(.rotate(rotation), nonce: 6)
            },
        ]
    }

    private var secondEpoch: [MoneyAct] {
        let edge = 2 * Self.edge
        return [
            MoneyAct(name: "midnights, stamps and the second edge", time: edge + 5) { _ in },
            MoneyAct(name: "a voucher under the second schedule", time: edge + 100) { fixture in
                try await accept(
                    [voucher(0, 3, ["dearer*"], ceiling: 8_000_000_000, fixture)], charges: [1], fixture)
            },
            MoneyAct(name: "lists and observations of the second epoch", time: edge + 110) { fixture in
                let charges: [Charge] = [.later, .heldAgain, .stamped]
                for node in 1...3 { try await fixture.deliver(charges.map(\.rawValue), epoch: 2, node: node) }
                try await fixture.observeAll(3, epoch: 2)
            },
            MoneyAct(name: "the second cut", time: edge + Self.day + 5) { _ in },
            MoneyAct(
                name: "a second charge that is shown late", time: edge + Self.day + 10, decided: ["double/decided"]
            ) { fixture in
                _ = try await fixture.service.refundDouble(
                    DoubleCharge(charge: Charge.heldAgain.rawValue, first: Charge.held.rawValue))
            },
            MoneyAct(
                name: "the second seal", time: edge + Self.day + 20, decided: ["act/nonce"],
                body: order(.seal(epoch: 2), nonce: 7)),
            MoneyAct(name: "the second epoch's attestations and claims", time: edge + Self.day + 30) { fixture in
                try await attest(2, fixture)
                for node in 1...3 { try await claim(2, node: UInt32(node), fixture) }
            },
        ]
    }

    private var end: [MoneyAct] {
        let edge = 3 * Self.edge
        return [
            MoneyAct(name: "a close that is agreed", time: edge - 100, decided: ["channel/closed"]) { fixture in
                let state = try #require(try await fixture.stored(channel(1, fixture))?.state)
                let close = CloseChannel(channelID: state.id, charged: try state.charged, validUntil: .max)
                _ = try await fixture.service.close(
                    close, signature: ServiceFixture.payer(1).sign(fixture.service.domain.digest(of: close)))
            },
            MoneyAct(name: "money for a closed channel", time: edge - 90) { fixture in
                try await fixture.deposit(77, to: channel(1, fixture), reference: SHA256.hash([4]))
            },
            MoneyAct(name: "the third edge", time: edge + 5) { _ in },
            MoneyAct(
                name: "the third seal", time: edge + 20, decided: ["act/nonce"], body: order(.seal(epoch: 3), nonce: 8)),
            MoneyAct(name: "a last midnight and cut", time: edge + Self.day + 5) { _ in },
        ]
    }

    // MARK: Statements

    private var dearer: FeeSchedule {
        FeeSchedule(
            version: 2, effectiveFrom: ServiceFixture.start + 2 * Self.edge, base: 40_000_000, storagePerByteDay: 22,
            congestionUnit: 0, targetPerMinute: 0, postage: 1_000_000_000, postageWindow: 259_200,
            retentionDaysMin: 2, retentionDaysMax: 365, bytesMax: 1_048_576)
    }

    private func pay(out amount: Amount, to place: Int, _ reference: UInt8, _ fixture: ServiceFixture) async throws {
        let payout = Payout(
            account: ServiceFixture.payer(place).address, amount: amount, reference: SHA256.hash([reference]))
        try await fixture.service.paid(
            payout, signature: fixture.settlement.sign(fixture.service.domain.digest(of: payout)))
    }

    private func attest(_ epoch: UInt64, _ fixture: ServiceFixture) async throws {
        let result = try await result(epoch, fixture)
        for number in 1...3 {
            let key = ServiceFixture.operatorKey(number)
            _ = try await fixture.service.attest(
                epoch: epoch, operatorAddress: key.address,
                signature: key.sign(fixture.service.domain.digest(of: result.attestation)))
        }
    }

    private func claim(_ epoch: UInt64, node: UInt32, _ fixture: ServiceFixture) async throws {
        let result = try await result(epoch, fixture)
        let row = try #require(result.rows.first { $0.node == node })
        _ = try await fixture.service.pay(
            RewardClaim(
                epoch: epoch, node: node, payout: row.payout, cumulative: row.cumulative,
                proof: try #require(RewardTree(result.rows)?.proof(of: node))))
    }

    private func twoResults(of number: Int, _ result: EpochResult, _ fixture: ServiceFixture) throws -> Equivocation {
        let key = ServiceFixture.operatorKey(number)
        let other = Attestation(
            epoch: result.epoch, result: SHA256.hash([1]), root: result.root, rewards: result.rewards,
            inputs: result.inputs, ruleset: result.ruleset)
        let sides = [result.attestation, other].map {
            Equivocation.Side($0, key.sign(fixture.service.domain.digest(of: $0)))
        }
        return try #require(Equivocation(key.address, sides[0], sides[1]))
    }
}
