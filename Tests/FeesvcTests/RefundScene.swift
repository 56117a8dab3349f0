import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Payers, a topic's owner and nodes, and what they show for refunds.
protocol RefundScene {}

extension RefundScene {
    var key: SecretKey { SecretKey(seed: 1, label: "payer") }
    var other: SecretKey { SecretKey(seed: 1, label: "other payer") }
    var owner: SecretKey { SecretKey(seed: 1, label: "owner") }
    var topic: Topic { Topic(owner: owner.address, salt: SHA256.hash([1])) }
    var edge: UInt64 { ServiceFixture.start + ServiceFixture.epochLength }
    var cut: UInt64 { edge + UTCDay.seconds }
    /// A day of 1,024 bytes.
    var perDay: UInt128 { 22 * 1_024 }

    func pay(
        _ envelope: Envelope, _ fixture: ServiceFixture, by key: SecretKey? = nil, postage: Amount = .zero
    ) async throws -> (charge: UInt64, channel: Bytes32) {
        let key = key ?? self.key
        let channel = try await fixture.channel(key, deposit: 10_000_000_000)
        let receipts = try await fixture.pay(
            fixture.voucher(
                [fixture.item(envelope, postage: postage)], channel: channel, key: key, sequence: 1,
                ceiling: 2_000_000_000))
        return (try #require(receipts.first).charge.number, channel)
    }

    func deletion(_ envelope: Envelope, _ fixture: ServiceFixture, by key: SecretKey? = nil) -> Deletion {
        let unsigned = DeletionStatement(topic: topic.id, envelopeHash: envelope.hash)
        return Deletion(
            head: envelope.head, topic: topic,
            signature: (key ?? owner).sign(fixture.service.domain.digest(of: unsigned)))
    }

    func acknowledge(_ charge: UInt64, _ envelope: Envelope, node: Int, _ fixture: ServiceFixture) async throws {
        let acknowledgement = Acknowledgement(
            node: UInt32(node), event: .zero, charge: charge, envelopeHash: envelope.hash, time: ServiceFixture.start)
        let digest = fixture.service.domain.digest(of: acknowledgement.statement)
        try await fixture.service.keep(acknowledgement, signature: ServiceFixture.nodeKey(node).sign(digest))
    }

    func refuse(_ charge: UInt64, _ envelope: Envelope, node: Int, _ fixture: ServiceFixture) async throws {
        let refusal = NodeRefusal(
            node: UInt32(node), charge: charge, envelopeHash: envelope.hash, code: "disk_full",
            time: ServiceFixture.start)
        let digest = fixture.service.domain.digest(of: refusal.statement)
        try await fixture.service.keep(refusal, signature: ServiceFixture.nodeKey(node).sign(digest))
    }

    /// Every unit is somewhere, and what control accounts stand for adds up to them.
    func checkBooks(_ fixture: ServiceFixture, _ place: SourceLocation = #_sourceLocation) async throws {
        let conservation = try await fixture.conservation()
        #expect(conservation.custody == conservation.liabilities, sourceLocation: place)
        for (account, sum) in try await fixture.service.read({ try await LedgerStore($0).subledgers() }) {
            #expect(try await fixture.balance(account) == sum, "\(account)", sourceLocation: place)
        }
    }

    func declare(
        _ day: UTCDay, parts: UInt32, by operators: ClosedRange<Int>, _ fixture: ServiceFixture
    ) async throws -> Amount {
        let outage = Outage(day: day, parts: parts)
        return try await fixture.service.declare(
            DeclaredOutage(
                outage: outage,
                signers: operators.map {
                    let key = ServiceFixture.operatorKey($0)
                    return DeclaredOutage.Signer(
                        operatorAddress: key.address, signature: key.sign(fixture.service.domain.digest(of: outage)))
                }))
    }

    /// Exports the sealed epochs and audits them from the files alone.
    func audit(_ fixture: ServiceFixture) async throws -> [DirectoryAudit] {
        let out = fixture.directory + "/reports"
        _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
        var audits: [DirectoryAudit] = []
        try DirectoryChain.audit(out) { audits.append($0) }
        return audits
    }

    func seal(_ epoch: UInt64, _ fixture: ServiceFixture) async throws {
        try await fixture.advance(to: ServiceFixture.start + epoch * ServiceFixture.epochLength)
        try await fixture.observeAll(3, epoch: epoch)
        _ = try await fixture.service.seal(epoch)
    }

    /// Six charges of six payers, stored for 60 days and five of them stamped: one is deleted in the first epoch and one in
    /// the second, one was refused, one was acknowledged and lost, one was charged twice; a third of the first day was an
    /// outage. Three epochs are sealed.
    func playManyGrounds(_ fixture: ServiceFixture) async throws {
        try await fixture.registerNodes(3)
        let names = ["deleted", "deleted later", "refused", "lost", "twice"]
        let envelopes = names.map { fixture.envelope($0, topic: topic) }
        var charges: [UInt64] = []
        for (name, envelope) in zip(names, envelopes) {
            let key = SecretKey(seed: 2, label: name)
            charges.append(try await pay(envelope, fixture, by: key, postage: 1_000_000_000).charge)
        }
        let second = try await pay(envelopes[4], fixture, by: other).charge
        _ = try await fixture.service.refundDouble(DoubleCharge(charge: second, first: charges[4]))
        try await refuse(charges[2], envelopes[2], node: 1, fixture)
        try await acknowledge(charges[3], envelopes[3], node: 2, fixture)
        try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
        _ = try await fixture.service.delete(deletion(envelopes[0], fixture), charge: charges[0])
        _ = try await declare(
            UTCDay(containing: ServiceFixture.start + UTCDay.seconds), parts: 333_333_333, by: 1...3, fixture)
        try await fixture.advance(to: edge)
        for node in 1...3 {
            try await fixture.deliver([charges[0], charges[1], charges[4], second], epoch: 1, node: node)
        }
        try await seal(1, fixture)
        try await fixture.advance(to: cut + UTCDay.seconds)
        _ = try await fixture.service.delete(deletion(envelopes[1], fixture), charge: charges[1])
        try await seal(2, fixture)
        try await seal(3, fixture)
    }
}
