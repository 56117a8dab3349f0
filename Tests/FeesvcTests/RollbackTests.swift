import Channels
import Foundation
import Ledger
import Payer
import Primitives
import Storage
import Testing

@testable import feesvc

/// A database that is an older copy, and what goes on from it.
struct RollbackTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let owner = SecretKey(seed: 1, label: "owner")
    private var topic: Topic { Topic(owner: owner.address, salt: SHA256.hash([1])) }
    private let edge = ServiceFixture.start + ServiceFixture.epochLength

    /// What a payer holds of the history that was lost.
    private struct Lost {
        let channel: Bytes32
        let vouchers: [LostVoucher]
        let head: SignedHead
        let account: ChannelState
    }

    private func pay(_ voucher: SignedVoucher, _ fixture: ServiceFixture) async throws -> LostVoucher {
        let indexes = try await fixture.decide([voucher])[0].get()
        let receipts = try await fixture.service.receiptDesk.receipts(for: indexes).receipts
        return LostVoucher(signed: voucher, proofs: receipts.map { ($0.receipt, $0.salt) })
    }

    private func state(_ channel: Bytes32, _ fixture: ServiceFixture) async throws -> ChannelState {
        try #require(try await fixture.service.read { try await ChannelStore($0).channel(channel) }).state
    }

    /// Pays once, takes a copy, pays two vouchers with three messages two days later, and runs `body` on the copy.
    private func losing(_ body: (ServiceFixture, Lost) async throws -> Void) async throws {
        try await ServiceFixture.run { first in
            try await first.registerNodes(2)
            let channel = try await first.channel(key, deposit: 10_000_000_000)
            _ = try await pay(
                first.voucher(
                    [first.item(first.envelope("a", topic: topic))], channel: channel, key: key, sequence: 1,
                    ceiling: 2_000_000_000), first)
            try await first.withCopy { newer, older in
                try await newer.advance(to: ServiceFixture.start + 90_000)
                let vouchers = [
                    newer.voucher(
                        ["b", "c"].map { newer.item(newer.envelope($0, topic: topic)) }, channel: channel, key: key,
                        sequence: 2, ceiling: 4_000_000_000),
                    newer.voucher(
                        [newer.item(newer.envelope("d", topic: topic), postage: 1_000_000_000)], channel: channel,
                        key: key, sequence: 3, ceiling: 6_000_000_000),
                ]
                var lost: [LostVoucher] = []
                for voucher in vouchers { lost.append(try await pay(voucher, newer)) }
                try await newer.advance(to: ServiceFixture.start + 100_000)
                let head = newer.service.heads.head
                let account = try await state(channel, newer)
                await newer.close()
                let copy = try await older()
                try await body(copy, Lost(channel: channel, vouchers: lost, head: head, account: account))
                await copy.close()
            }
        }
    }

    @Test func `what was lost is charged again under its number and price, and the audit of the epoch agrees`()
        async throws
    {
        try await losing { fixture, lost in
            let service = fixture.service
            let logged = try await service.goOn(without: lost.head.head, adminKey: fixture.admin)
            #expect(logged.withdraws(lost.head.head))
            #expect(!logged.withdraws(service.heads.head.head))
            #expect(service.heads.head.head.time > lost.head.head.time)
            // Two midnights pass between acceptance and restoration.
            try await fixture.advance(to: ServiceFixture.start + 3 * UTCDay.seconds + 5)
            for voucher in lost.vouchers {
                let indexes = try await service.restore(voucher)
                #expect(try await service.restore(voucher) == indexes)
                let again = try await service.receiptDesk.receipts(for: indexes).receipts
                #expect(again.map(\.receipt.charge) == voucher.proofs.map(\.receipt.charge))
                #expect(again.map(\.salt) == voucher.proofs.map(\.salt))
                for receipt in again { try receipt.receipt.check(await service.state.keys) }
                #expect(try await pay(voucher.signed, fixture).proofs.count == voucher.proofs.count)
            }
            let state = try await state(lost.channel, fixture)
            #expect(state.lanes == lost.account.lanes)
            #expect(try state.available == lost.account.available)

            // 4 messages: all midnights since the acceptance of each are captured, as if nothing had been lost.
            #expect(try await fixture.balance(.pool(1)) == Amount(22 * 1_024 * (3 + 3 * 2)))
            #expect(try await fixture.balance(.held(.storage)) == Amount(22 * 1_024 * (57 + 3 * 58)))
            #expect(try await fixture.balance(.held(.base)) == Amount(4 * 38_500_000))
            let conservation = try await fixture.conservation()
            #expect(conservation.custody == conservation.liabilities)

            let next = try await pay(
                fixture.voucher(
                    [fixture.item(fixture.envelope("e", topic: topic))], channel: lost.channel, key: key, sequence: 4,
                    ceiling: 8_000_000_000), fixture)
            #expect(next.proofs.map(\.receipt.charge.number) == [logged.rollback.lastCharge + 1])
            try await sealAndAudit(fixture)
        }
    }

    private func sealAndAudit(_ fixture: ServiceFixture) async throws {
        for epoch in UInt64(1)...2 {
            let end = ServiceFixture.start + epoch * ServiceFixture.epochLength
            try await fixture.advance(to: end)
            if epoch == 2 {
                for node in 1...2 { try await fixture.deliver([], epoch: 2, node: node) }
            }
            try await fixture.observeAll(2, epoch: epoch)
            _ = try await fixture.service.seal(epoch)
            _ = try await ExportCommand.export(fixture.pool, epoch: epoch, out: fixture.directory + "/out")
        }
        var audited: [UInt64] = []
        try DirectoryChain.audit(fixture.directory + "/out") { audited.append($0.epoch) }
        #expect(audited == [1, 2])
    }

    @Test func `a restarted service knows what was rolled back, and congestion counts from there`() async throws {
        try await losing { fixture, lost in
            let logged = try await fixture.service.goOn(without: lost.head.head, adminKey: fixture.admin)
            _ = try await fixture.service.restore(lost.vouchers[0])
            let before = await fixture.service.state
            let reopened = try await fixture.reopened()
            let after = await reopened.service.state
            #expect(after.rollbacks == [logged])
            #expect(after.chargeCount == logged.rollback.lastCharge)
            #expect(after.chargeRate.newest == before.chargeRate.newest)
            #expect(after.salt(of: after.tree.size) == before.salt(of: before.tree.size))
            // The salt of an index is another one than the lost history gave away.
            let shown = lost.vouchers[0].proofs[0]
            #expect(after.salt(of: shown.receipt.leaf.index) != shown.salt)
            _ = try await reopened.service.restore(lost.vouchers[1])
            #expect(try await state(lost.channel, reopened).lanes == lost.account.lanes)
            await reopened.close()
        }
    }

    @Test func `a service that has lost nothing rolls nothing back, and restores nothing`() async throws {
        try await losing { fixture, lost in
            let service = fixture.service
            await #expect(throws: RestorationRefusal.self) { try await service.restore(lost.vouchers[0]) }
            let own = service.heads.head
            await #expect(throws: (any Error).self) {
                try await service.goOn(without: own.head, adminKey: fixture.admin)
            }
            await #expect(throws: Refusal.self) { try await service.goOn(without: lost.head.head, adminKey: key) }
            #expect(service.heads.head == own)
            #expect(await service.state.rollbacks.isEmpty)
        }
    }

    @Test func `after an epoch is over, and out of order, nothing of it is restored`() async throws {
        try await losing { fixture, lost in
            _ = try await fixture.service.goOn(without: lost.head.head, adminKey: fixture.admin)
            _ = try await fixture.service.restore(lost.vouchers[1])
            await #expect {
                try await fixture.service.restore(lost.vouchers[0])
            } throws: {
                ($0 as? RestorationRefusal)?.code == "restoration/order"
                    || ($0 as? RestorationRefusal)?.code == "voucher/sequence"
            }
            try await fixture.advance(to: edge)
            await #expect {
                try await fixture.service.restore(lost.vouchers[0])
            } throws: {
                ($0 as? RestorationRefusal)?.code == "restoration/epoch"
            }
        }
    }
}
