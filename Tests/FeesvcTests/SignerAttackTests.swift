import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

/// Keys that lose their authority, money that leaves, and channels that end, while vouchers are under way.
/// docs/attacks.md 6, 23, 25.
struct SignerAttackTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let gateway = SecretKey(seed: 1, label: "gateway")
    private var topic: Topic { Topic(owner: key.address, salt: .zero) }

    private func voucher(_ name: String, _ fixture: ServiceFixture, _ channel: Bytes32, by signer: SecretKey)
        -> SignedVoucher
    {
        fixture.voucher(
            [fixture.item(fixture.envelope(name, topic: topic))], channel: channel, key: signer, sequence: 1,
            ceiling: 39_851_680)
    }

    @Test func `a voucher that was screened before a revocation is refused after it`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100_000_000)
            let delegation = Delegation(
                channelID: channel, signer: gateway.address, lane: .max, ceiling: .max, expires: .max, nonce: 1)
            _ = try await fixture.delegate(delegation, by: key)
            let voucher = voucher("a", fixture, channel, by: gateway)
            let screened = try await VoucherScreen(fixture.service).screen([voucher]).map { try $0.get() }
            _ = try await fixture.revoke(
                Revocation(channelID: channel, signer: gateway.address, nonce: 2), by: key)
            #expect(try await fixture.service.accept(screened) == [.failure(.unknownChannelOrSigner)])
            // A delegation of before does not bring the authority back.
            #expect(await fixture.code { _ = try await fixture.delegate(delegation, by: key) } == "channel/nonce")
            #expect(await fixture.service.state.chargeCount == 0)
        }
    }

    @Test func `a revoked key that the payer lost to a thief takes nothing, and the payer goes on`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100_000_000)
            _ = try await fixture.delegate(
                Delegation(
                    channelID: channel, signer: gateway.address, lane: .max, ceiling: .max, expires: .max, nonce: 1),
                by: key)
            // The opening's own signer is the one that was lost.
            _ = try await fixture.revoke(Revocation(channelID: channel, signer: key.address, nonce: 2), by: key)
            #expect(
                try await fixture.decide([voucher("a", fixture, channel, by: key)])
                    == [.failure(.unknownChannelOrSigner)])
            #expect(try await fixture.decide([voucher("a", fixture, channel, by: gateway)])[0].get().count == 1)
        }
    }

    @Test func `of a withdrawal and a voucher that claim the same money one wins`() async throws {
        for round in 0..<4 {
            try await ServiceFixture.run { fixture in
                let channel = try await fixture.channel(key, deposit: 40_000_000)
                let voucher = voucher("\(round)", fixture, channel, by: key)
                let screened = try await VoucherScreen(fixture.service).screen([voucher]).map { try $0.get() }
                let withdrawal = Withdrawal(
                    channelID: channel, cumulative: 40_000_000, validUntil: fixture.service.clock.now)
                let isTaken = try await withThrowingTaskGroup(of: Bool.self) { group in
                    group.addTask {
                        let decisions = try await fixture.service.accept(screened)
                        return decisions[0] != .failure(.deposit(ceilings: 39_851_680, coverage: .zero))
                    }
                    group.addTask {
                        await fixture.code { _ = try await fixture.withdraw(withdrawal, by: key) } == nil
                    }
                    return try await group.reduce(into: []) { $0.append($1) }
                }
                #expect(isTaken.count { $0 } == 1)
                let state = try #require(try await fixture.stored(channel)?.state)
                #expect(try state.coverage >= state.charged)
                let sums = try await fixture.conservation()
                #expect(sums.custody == 40_000_000 && sums.liabilities == 40_000_000)
            }
        }
    }

    @Test func `each channel ends at its own second, whatever the others do`() async throws {
        try await ServiceFixture.run { fixture in
            var channels: [(id: Bytes32, key: SecretKey, closesAt: UInt64)] = []
            for number in UInt64(0)..<3 {
                let key = SecretKey(seed: 6, label: "payer \(number)")
                let id = try await fixture.channel(key, deposit: 10_000)
                // The first two end at one second, the third one second later.
                try await fixture.advance(to: ServiceFixture.start + (number < 2 ? 10 : 11))
                let request = RequestClose(channelID: id, validUntil: .max)
                channels.append((id, key, try await fixture.close(request, by: key)))
            }
            let end = ServiceFixture.start + 10 + 86_400
            #expect(channels.map(\.closesAt) == [end, end, end + 1])
            // One of them agrees to end at once; the others' deadlines stay.
            let agreement = CloseChannel(channelID: channels[0].id, charged: .zero, validUntil: .max)
            _ = try await fixture.service.close(
                agreement, signature: channels[0].key.sign(fixture.service.domain.digest(of: agreement)))

            let stages: [(UInt64, [ChannelStage])] = [
                (end - 1, [.closed, .closing, .closing]), (end, [.closed, .closed, .closing]),
                (end + 1, [.closed, .closed, .closed]), (end + 2, [.closed, .closed, .closed]),
            ]
            for (time, expected) in stages {
                try await fixture.advance(to: time)
                var found: [ChannelStage?] = []
                for channel in channels { found.append(try await fixture.stored(channel.id)?.state.stage) }
                #expect(found == expected, "\(time)")
            }
            for channel in channels {
                #expect(try await fixture.balance(.payable(channel.key.address)) == 10_000)
            }
        }
    }
}
