import Channels
import Ledger
import Payer
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// The grounds of refunds, each on PostgreSQL from its evidence to the last unit.
struct RefundTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let other = SecretKey(seed: 1, label: "other payer")
    private let owner = SecretKey(seed: 1, label: "owner")
    private var topic: Topic { Topic(owner: owner.address, salt: SHA256.hash([1])) }
    private let edge = ServiceFixture.start + ServiceFixture.epochLength
    private var cut: UInt64 { edge + UTCDay.seconds }
    /// A day of 1,024 bytes.
    private let perDay: UInt128 = 22 * 1_024

    private func pay(
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

    private func deletion(_ envelope: Envelope, _ fixture: ServiceFixture, by key: SecretKey? = nil) -> Deletion {
        let unsigned = DeletionStatement(topic: topic.id, envelopeHash: envelope.hash)
        return Deletion(
            head: envelope.head, topic: topic,
            signature: (key ?? owner).sign(fixture.service.domain.digest(of: unsigned)))
    }

    private func acknowledge(_ charge: UInt64, _ envelope: Envelope, node: Int, _ fixture: ServiceFixture) async throws
    {
        let acknowledgement = Acknowledgement(
            node: UInt32(node), event: .zero, charge: charge, envelopeHash: envelope.hash, time: ServiceFixture.start)
        let digest = fixture.service.domain.digest(of: acknowledgement.statement)
        try await fixture.service.keep(acknowledgement, signature: ServiceFixture.nodeKey(node).sign(digest))
    }

    private func refuse(_ charge: UInt64, _ envelope: Envelope, node: Int, _ fixture: ServiceFixture) async throws {
        let refusal = NodeRefusal(
            node: UInt32(node), charge: charge, envelopeHash: envelope.hash, code: "disk_full",
            time: ServiceFixture.start)
        let digest = fixture.service.domain.digest(of: refusal.statement)
        try await fixture.service.keep(refusal, signature: ServiceFixture.nodeKey(node).sign(digest))
    }

    /// Every unit is somewhere, and what control accounts stand for adds up to them.
    private func checkBooks(_ fixture: ServiceFixture, _ place: SourceLocation = #_sourceLocation) async throws {
        let conservation = try await fixture.conservation()
        #expect(conservation.custody == conservation.liabilities, sourceLocation: place)
        for (account, sum) in try await fixture.service.read({ try await LedgerStore($0).subledgers() }) {
            #expect(try await fixture.balance(account) == sum, "\(account)", sourceLocation: place)
        }
    }

    // MARK: Deleted early

    @Test func `a deletion gives back the days to come, once, whoever the payer is, and no midnight captures them`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, channel) = try await pay(envelope, fixture)
            let kept = fixture.envelope("b", topic: topic)
            _ = try await pay(kept, fixture, by: other)
            try await fixture.advance(to: ServiceFixture.start + 3 * UTCDay.seconds)
            let before = try await fixture.available(channel)
            let returned = try await fixture.service.delete(deletion(envelope, fixture), charge: charge)
            #expect(returned == Amount(57 * perDay))
            #expect(try await fixture.available(channel) == before.adding(Amount(57 * perDay)))
            #expect(try await fixture.balance(.held(.storage)) == Amount(57 * perDay))
            try await checkBooks(fixture)

            let again = await fixture.code {
                _ = try await fixture.service.delete(deletion(envelope, fixture), charge: charge)
            }
            #expect(again == "deletion/decided")
            try await fixture.advance(to: ServiceFixture.start + 4 * UTCDay.seconds)
            #expect(try await fixture.balance(.held(.storage)) == Amount(56 * perDay))
            try await checkBooks(fixture)
        }
    }

    @Test func `a deletion by another key, of another envelope or without days to come is refused`() async throws {
        try await ServiceFixture.run { fixture in
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, _) = try await pay(envelope, fixture)
            func code(_ deletion: Deletion, _ charge: UInt64) async -> String? {
                await fixture.code { _ = try await fixture.service.delete(deletion, charge: charge) }
            }
            #expect(await code(deletion(envelope, fixture, by: key), charge) == "deletion/signature")
            #expect(
                await code(deletion(fixture.envelope("b", topic: topic), fixture), charge)
                    == "deletion/unknown-charge")
            #expect(await code(deletion(envelope, fixture), 9) == "deletion/unknown-charge")
            let foreign = Deletion(
                head: envelope.head, topic: Topic(owner: key.address, salt: .zero),
                signature: deletion(envelope, fixture).signature)
            #expect(await code(foreign, charge) == "deletion/not-the-topic")
            try await fixture.advance(to: ServiceFixture.start + 60 * UTCDay.seconds)
            #expect(await code(deletion(envelope, fixture), charge) == "deletion/nothing-left")
            try await checkBooks(fixture)
        }
    }

    // MARK: Refused

    @Test func `a refused message that no node lists goes back whole; one that was published elsewhere does not`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelopes = [fixture.envelope("a", topic: topic), fixture.envelope("b", topic: topic)]
            let (refused, channel) = try await pay(envelopes[0], fixture, postage: 1_000_000_000)
            let (served, _) = try await pay(envelopes[1], fixture, by: other)
            try await refuse(refused, envelopes[0], node: 1, fixture)
            try await refuse(served, envelopes[1], node: 1, fixture)
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver([served], epoch: 1, node: node) }
            let before = try await fixture.available(channel)
            try await fixture.advance(to: cut)
            // The postage was captured on the third day; four days of storage and the cut's own midnight were as well.
            #expect(try await fixture.available(channel) == before.adding(Amount(38_500_000 + 55 * perDay)))
            let refunds = try await fixture.service.read { try await ReportStore($0).refunds(in: 2) }
            #expect(refunds.map(\.refund.charge) == [refused, refused])
            #expect(Set(refunds.map(\.refund.ground)) == [.refused])
            try await checkBooks(fixture)
        }
    }

    @Test func `a refusal is late two hours after acceptance, and counts only from a registered node`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(1)
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, _) = try await pay(envelope, fixture)
            #expect(await fixture.code { try await refuse(charge, envelope, node: 2, fixture) } == "refused/signature")
            let wrong = fixture.envelope("b", topic: topic)
            #expect(
                await fixture.code { try await refuse(charge, wrong, node: 1, fixture) } == "refused/unknown-charge")
            try await fixture.advance(to: ServiceFixture.start + 7_199)
            #expect(await fixture.code { try await refuse(charge, envelope, node: 1, fixture) } == nil)
            try await fixture.advance(to: ServiceFixture.start + 7_200)
            #expect(await fixture.code { try await refuse(charge, envelope, node: 1, fixture) } == "refused/late")
            try await fixture.advance(to: cut)
            #expect(await fixture.code { try await refuse(charge, envelope, node: 1, fixture) } == "refused/late")
        }
    }

    // MARK: Charged twice

    @Test func `of two charges for one envelope the later goes back at the cut, with what was captured of it`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (first, _) = try await pay(envelope, fixture)
            let (second, channel) = try await pay(envelope, fixture, by: other)
            let pair = DoubleCharge(charge: second, first: first)
            #expect(try await fixture.service.refundDouble(pair) == nil)
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver([first, second], epoch: 1, node: node) }
            try await fixture.advance(to: cut)
            // 38,500,000 and 55 days come out of holds at once; five captured days are owed by the pool.
            let charged = Amount(38_500_000 + 60 * perDay)
            #expect(
                try await fixture.available(channel)
                    == Amount(10_000_000_000).subtracting(charged).adding(Amount(38_500_000 + 55 * perDay)))
            try await checkBooks(fixture)
            try await fixture.advance(to: edge + ServiceFixture.epochLength)
            #expect(try await fixture.available(channel) == 10_000_000_000)
            let repaid = try await fixture.service.read { try await EpochStore($0).epoch(2) }?.repaid
            #expect(repaid == Amount(5 * perDay))
            try await checkBooks(fixture)
            let again = await fixture.code { _ = try await fixture.service.refundDouble(pair) }
            #expect(again == "double/decided")
        }
    }

    @Test func `a second charge that is shown after the cut goes back out of the pool, within two epochs`() async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (first, _) = try await pay(envelope, fixture)
            let (second, channel) = try await pay(envelope, fixture, by: other)
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver([first, second], epoch: 1, node: node) }
            try await fixture.advance(to: cut)
            let pair = DoubleCharge(charge: second, first: first)
            let decision = try #require(try await fixture.service.refundDouble(pair))
            #expect(try decision.held.total() == Amount(55 * perDay))
            #expect(try decision.owed.total() == Amount(38_500_000 + 5 * perDay))
            try await fixture.advance(to: edge + ServiceFixture.epochLength)
            #expect(try await fixture.available(channel) == 10_000_000_000)
            try await checkBooks(fixture)
        }
    }

    @Test func `what is no double charge is refused`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (first, _) = try await pay(envelope, fixture)
            let (second, _) = try await pay(envelope, fixture, by: other)
            let (third, _) = try await pay(
                fixture.envelope("b", topic: topic), fixture, by: SecretKey(seed: 1, label: "third"))
            func code(_ charge: UInt64, _ first: UInt64) async -> String? {
                await fixture.code {
                    _ = try await fixture.service.refundDouble(DoubleCharge(charge: charge, first: first))
                }
            }
            #expect(await code(third, first) == "double/other-envelope")
            #expect(await code(9, first) == "double/unknown-charge")
            try await fixture.advance(to: edge)
            // Only the second was published: its event is the message.
            for node in 1...3 { try await fixture.deliver([second], epoch: 1, node: node) }
            try await fixture.advance(to: cut)
            #expect(await code(second, first) == "double/published")
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)
            #expect(await code(second, first) == "double/late")
        }
    }

    // MARK: Nodes at fault

    @Test func `a node that acknowledged a message and lost it makes good what was spent, out of its stake`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, channel) = try await pay(envelope, fixture)
            try await acknowledge(charge, envelope, node: 2, fixture)
            try await fixture.advance(to: cut)
            // A tenth of the stake of 1,000 is all that one cut takes.
            let operatorAddress = ServiceFixture.operatorKey(2).address
            #expect(try await fixture.balance(.stake(operatorAddress)) == 900)
            let charged = Amount(38_500_000 + 60 * perDay)
            #expect(
                try await fixture.available(channel)
                    == Amount(10_000_000_000).subtracting(charged).adding(Amount(38_500_000 + 55 * perDay + 100)))
            let snapshots = try await fixture.service.read { transaction in
                let store = NodeStore(transaction)
                return try await [store.snapshot(at: cut - 1), store.snapshot(at: cut)].map { $0.map(\.stake) }
            }
            #expect(snapshots == [[1_000, 1_000, 1_000], [1_000, 900, 1_000]])
            try await checkBooks(fixture)
        }
    }

    // MARK: Declared outages

    private func declare(
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

    @Test func `an outage gives back its part of a day to every channel that stored, out of the pool, at the edge`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let (_, one) = try await pay(fixture.envelope("a", topic: topic), fixture)
            let envelope = fixture.envelope("b", topic: topic)
            let (deleted, two) = try await pay(envelope, fixture, by: other)
            try await fixture.advance(to: ServiceFixture.start + UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelope, fixture), charge: deleted)
            try await fixture.advance(to: ServiceFixture.start + 3 * UTCDay.seconds)
            let first = UTCDay(containing: ServiceFixture.start + UTCDay.seconds)
            // A quarter of the first day: two messages. All of the second: one.
            #expect(try await declare(first, parts: 250_000_000, by: 1...3, fixture) == Amount(2 * perDay / 4))
            #expect(try await declare(first.next, parts: 1_000_000_000, by: 1...3, fixture) == Amount(perDay))
            let before = (try await fixture.available(one), try await fixture.available(two))
            try await fixture.advance(to: edge)
            #expect(try await fixture.available(one) == before.0.adding(Amount(perDay + perDay / 4)))
            #expect(try await fixture.available(two) == before.1.adding(Amount(perDay / 4)))
            #expect(try await fixture.balance(.pool(1)) == Amount(5 * perDay - perDay - perDay / 2))
            try await checkBooks(fixture)
        }
    }

    @Test func `an outage without quorum, twice, of a day to come or too long ago is refused`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            _ = try await pay(fixture.envelope("a", topic: topic), fixture)
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            let day = UTCDay(containing: ServiceFixture.start + UTCDay.seconds)
            func code(_ day: UTCDay, _ operators: ClosedRange<Int>) async -> String? {
                await fixture.code { _ = try await declare(day, parts: 1_000_000_000, by: operators, fixture) }
            }
            #expect(await code(day, 1...2) == "outage/quorum")
            #expect(await code(day, 1...4) == "outage/operator")
            #expect(await code(day.next.next, 1...3) == "outage/early")
            #expect(await code(day, 1...3) == nil)
            #expect(await code(day, 1...3) == "outage/decided")
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)
            #expect(await code(day.next, 1...3) == "outage/late")
        }
    }

    @Test func `what a pool lacks waits for the next, and each debt gets the same proportion`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelopes = [fixture.envelope("a", topic: topic), fixture.envelope("b", topic: topic)]
            let (long, one) = try await pay(envelopes[0], fixture)
            let (short, two) = try await pay(envelopes[1], fixture, by: other)
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelopes[1], fixture), charge: short)
            // The third epoch's pool gets one midnight of one message.
            try await fixture.advance(to: ServiceFixture.start + 9 * UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelopes[0], fixture), charge: long)
            var day = UTCDay(containing: ServiceFixture.start)
            for _ in 1...4 {
                day = day.next
                _ = try await declare(day, parts: 1_000_000_000, by: 1...3, fixture)
            }
            let before = (try await fixture.available(one), try await fixture.available(two))
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)
            // Owed are four days to the one and two to the other: of 22,528 units each day's debt gets a sixth.
            let paid = try await fixture.service.read { try await DebtStore($0).open() }.map(\.debt.paid)
            #expect(paid == [3_754, 3_754, 3_754, 3_754, 3_754, 3_754])
            #expect(try await fixture.available(one) == before.0.adding(Amount(4 * 3_754)))
            #expect(try await fixture.available(two) == before.1.adding(Amount(2 * 3_754)))
            #expect(try await fixture.balance(.pool(3)) == Amount(perDay - 6 * 3_754))
            try await checkBooks(fixture)
        }
    }

    // MARK: Too high a price

    @Test func `what is above the log's schedule goes back, from the hold while it is held`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(1)
            let dear = try await fixture.withSchedule(base: 40_000_000, storagePerByteDay: 23)
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, channel) = try await pay(envelope, dear)
            let mended = try await dear.withSchedule(base: 38_500_000, storagePerByteDay: 22)
            try await mended.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            let before = try await mended.available(channel)
            let decision = try await mended.service.refundOvercharge(of: charge)
            #expect(decision.held == RefundParts(base: 1_500_000, storage: Amount(58 * 1_024)))
            #expect(decision.owed == RefundParts(storage: Amount(2 * 1_024)))
            #expect(try await mended.available(channel) == before.adding(Amount(1_500_000 + 58 * 1_024)))
            try await checkBooks(mended)
            let again = await mended.code { _ = try await mended.service.refundOvercharge(of: charge) }
            #expect(again == "overcharge/decided")
            try await mended.advance(to: cut)
            _ = try await mended.service.seal(1)
            #expect(try await audit(mended).map(\.audit.replay.flows.repaid) == [Amount(2 * 1_024)])
            #expect(try await mended.available(channel) == before.adding(Amount(1_500_000 + 60 * 1_024)))
            #expect(try await mended.balance(.held(.base)) == .zero)
            try await checkBooks(mended)
            await mended.close()
        }
    }

    @Test func `a charge at the right price gives nothing back`() async throws {
        try await ServiceFixture.run { fixture in
            let (charge, _) = try await pay(fixture.envelope("a", topic: topic), fixture)
            #expect(
                await fixture.code { _ = try await fixture.service.refundOvercharge(of: charge) } == "overcharge/none")
            #expect(
                await fixture.code { _ = try await fixture.service.refundOvercharge(of: 9) }
                    == "overcharge/unknown-charge")
            try await fixture.advance(to: ServiceFixture.start + 3 * ServiceFixture.epochLength)
            #expect(
                await fixture.code { _ = try await fixture.service.refundOvercharge(of: charge) } == "overcharge/late")
        }
    }

    // MARK: Audit

    /// Exports the sealed epochs and audits them from the files alone.
    private func audit(_ fixture: ServiceFixture) async throws -> [DirectoryAudit] {
        let out = fixture.directory + "/reports"
        _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
        var audits: [DirectoryAudit] = []
        try DirectoryChain.audit(out) { audits.append($0) }
        return audits
    }

    private func seal(_ epoch: UInt64, _ fixture: ServiceFixture) async throws {
        try await fixture.advance(to: ServiceFixture.start + epoch * ServiceFixture.epochLength)
        try await fixture.observeAll(3, epoch: epoch)
        _ = try await fixture.service.seal(epoch)
    }

    @Test func `refunds on every ground of one charge are recomputed by an audit, over three epochs`() async throws {
        try await ServiceFixture.run { fixture in
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

            let audits = try await audit(fixture)
            #expect(audits.map(\.epoch) == [1, 2, 3])
            let flows = audits.map(\.audit.replay.flows)
            // Six messages stored for a third of a day, rounded down for each channel.
            #expect(flows[0].repaid == Amount(6 * (perDay * 333_333_333 / 1_000_000_000)))
            // Five days of the second charge, without what the outage gave of them.
            #expect(flows[1].repaid == Amount(5 * perDay - perDay * 333_333_333 / 1_000_000_000))
            // Of a tenth of the stake, each part of the loss rounded down.
            #expect(flows.map(\.fromStakes) == [.zero, 99, .zero])
            #expect(audits.map(\.audit.result.refunds) == flows.map(\.repaid))
            try await checkBooks(fixture)
        }
    }

    @Test func `an audit refuses a refund that is a unit off, and a debt that was paid otherwise`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(3)
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, _) = try await pay(envelope, fixture)
            _ = try await pay(fixture.envelope("b", topic: topic), fixture, by: other)
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            _ = try await declare(
                UTCDay(containing: ServiceFixture.start + UTCDay.seconds), parts: 500_000_000, by: 1...3, fixture)
            _ = try await fixture.service.delete(deletion(envelope, fixture), charge: charge)
            try await fixture.advance(to: edge)
            let (opening, held, leaves) = try await fixture.service.read {
                let inputs = try await EpochInputs($0, epoch: 1)
                return (try await inputs.opening(), try await inputs.held(), try await inputs.leaves())
            }
            func difference(_ change: (LogLeaf) throws -> LogLeaf) throws -> String? {
                var replay = try EpochReplay(opening, refunded: NamedCharges(leaves).refunded)
                do {
                    for charge in held { try replay.open(charge) }
                    for leaf in leaves { try replay.apply(try change(leaf)) }
                    return nil
                } catch let difference as AuditDifference {
                    return difference.what
                }
            }
            func changed(_ leaf: LogLeaf, _ body: [UInt8]) -> LogLeaf {
                LogLeaf(index: leaf.index, time: leaf.time, kind: leaf.kind, body: body)
            }
            #expect(try difference { $0 } == nil)
            let deleted = try difference { leaf in
                guard leaf.kind == .refund else { return leaf }
                let refund = try RefundedCharge(canonicalBytes: leaf.body)
                var decision = refund.decision
                decision.held.storage = Amount(decision.held.storage.units + 1)
                return changed(
                    leaf,
                    RefundedCharge(charge: refund.charge, decision: decision, evidence: refund.evidence)
                        .canonicalBytes)
            }
            #expect(deleted == "held part of charge 1 that goes back")
            let declared = try difference { leaf in
                guard leaf.kind == .outage else { return leaf }
                let outage = try LoggedOutage(canonicalBytes: leaf.body)
                return changed(
                    leaf,
                    LoggedOutage(declared: outage.declared, total: Amount(outage.total.units + 1)).canonicalBytes)
            }
            #expect(declared == "total")
            let repaid = try difference { leaf in
                guard leaf.kind == .repayment else { return leaf }
                let repayment = try Repayment(canonicalBytes: leaf.body)
                return changed(
                    leaf,
                    Repayment(
                        epoch: 1, owed: Amount(repayment.owed.units + 1), paid: repayment.paid
                    ).canonicalBytes)
            }
            #expect(repaid == "owed")
        }
    }

    // MARK: Lookup

    @Test func `a payer learns where each unit is, until when, and how each ground stands`() async throws {
        try await ServiceFixture.run { fixture in
            let envelope = fixture.envelope("a", topic: topic)
            let (charge, channel) = try await pay(envelope, fixture, postage: 1_000_000_000)
            try await fixture.advance(to: ServiceFixture.start + 2 * UTCDay.seconds)
            _ = try await fixture.service.delete(deletion(envelope, fixture), charge: charge)
            let stored = try #require(try await fixture.stored(channel))
            let body = try await fixture.service.standing(of: charge, channel: stored.number)
            let parts = body.parts.map { [$0.paid, $0.held, $0.captured, $0.returned] }
            #expect(
                parts == [
                    [38_500_000, 38_500_000, 0, 0], [0, 0, 0, 0],
                    [Amount(60 * perDay), 0, Amount(2 * perDay), Amount(58 * perDay)],
                    [1_000_000_000, 1_000_000_000, 0, 0],
                ])
            #expect(body.parts.map(\.heldUntil) == [cut, nil, nil, ServiceFixture.start + 259_200])
            #expect(body.refunds.map(\.ground) == ["deleted-early"])
            #expect(
                body.grounds.map(\.state) == [
                    "open", "late", "open", "given", "open", "open", "open", "open",
                ])
            #expect(
                await fixture.code { _ = try await fixture.service.standing(of: charge, channel: 99) }
                    == "charge/unknown")
        }
    }
}

extension ServiceFixture {
    /// The service after a restart with another first schedule than its log's: what a bug in pricing would do.
    fileprivate func withSchedule(base: Amount, storagePerByteDay: Amount) async throws -> ServiceFixture {
        let row = try #require(try await pool.query("SELECT body FROM schedules WHERE version = 1").first)
        let logged = try FeeSchedule(canonicalBytes: try row.bytes("body"))
        let changed = FeeSchedule(
            version: 1, effectiveFrom: logged.effectiveFrom, base: base, storagePerByteDay: storagePerByteDay,
            congestionUnit: logged.congestionUnit, targetPerMinute: logged.targetPerMinute, postage: logged.postage,
            postageWindow: logged.postageWindow, retentionDaysMin: logged.retentionDaysMin,
            retentionDaysMax: logged.retentionDaysMax, bytesMax: logged.bytesMax)
        try await pool.execute("ALTER TABLE schedules DISABLE TRIGGER schedules_fixed")
        _ = try await pool.execute("UPDATE schedules SET body = \(changed.canonicalBytes) WHERE version = 1")
        try await pool.execute("ALTER TABLE schedules ENABLE TRIGGER schedules_fixed")
        return try await reopened()
    }
}
