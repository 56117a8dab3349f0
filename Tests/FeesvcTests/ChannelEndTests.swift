import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

/// Closing for too little, too late, by others, and what comes after. docs/attacks.md 11, 12, 15, 27.
struct ChannelEndTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))

    /// What a close says no with; `nil` where it closes.
    private func refusal(
        _ fixture: ServiceFixture, _ channel: Bytes32, charged: Amount, validUntil: UInt64, by key: SecretKey
    ) async throws -> String? {
        let close = CloseChannel(channelID: channel, charged: charged, validUntil: validUntil)
        do {
            _ = try await fixture.service.close(close, signature: key.sign(fixture.service.domain.digest(of: close)))
            return nil
        } catch let refusal as Refusal {
            return refusal.code
        }
    }

    private func voucher(_ name: String, _ fixture: ServiceFixture, _ channel: Bytes32, _ sequence: UInt64)
        -> SignedVoucher
    {
        fixture.voucher(
            [fixture.item(fixture.envelope(name, topic: topic))], channel: channel, key: key, sequence: sequence,
            ceiling: 90_000_000)
    }

    @Test func `a channel closes for exactly what was charged, up to the last second of the agreement`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100_000_000)
            _ = try await fixture.pay(voucher("a", fixture, channel, 1))
            let now = fixture.service.clock.now
            for charged: Amount in [0, 39_851_679, 39_851_681, 90_000_000, .max] {
                #expect(
                    try await refusal(fixture, channel, charged: charged, validUntil: now, by: key)
                        == "channel/charged")
            }
            #expect(
                try await refusal(fixture, channel, charged: 39_851_680, validUntil: now - 1, by: key)
                    == "channel/agreement-expired")
            #expect(try await fixture.available(channel) == 60_148_320)
            #expect(try await refusal(fixture, channel, charged: 39_851_680, validUntil: now, by: key) == nil)
            #expect(try await fixture.balance(.payable(key.address)) == 60_148_320)
        }
    }

    @Test func `nobody but its payer closes a channel, its signer neither`() async throws {
        try await ServiceFixture.run { fixture in
            let signer = SecretKey(seed: 1, label: "signer")
            let opening = OpenChannel(payer: key.address, signer: signer.address, opening: SHA256.hash([4]))
            let channel = opening.channelID(in: fixture.service.domain)
            await #expect { try await fixture.service.open(opening, signature: signer.sign(channel)) } throws: {
                ($0 as? Refusal)?.code == "channel/signature"
            }
            _ = try await fixture.service.open(opening, signature: key.sign(channel))
            try await fixture.deposit(100, to: channel, reference: SHA256.hash([5]))
            for other in [signer, fixture.settlement, SecretKey(seed: 1, label: "stranger")] {
                #expect(
                    try await refusal(fixture, channel, charged: 0, validUntil: .max, by: other) == "channel/unknown")
            }
            #expect(try await fixture.available(channel) == 100)
            #expect(try await refusal(fixture, channel, charged: 0, validUntil: .max, by: key) == nil)
        }
    }

    @Test func `a closed channel stays closed, whatever is opened, deposited, agreed or paid again`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100_000_000)
            let first = voucher("a", fixture, channel, 1)
            let receipts = try await fixture.pay(first)
            let until = fixture.service.clock.now
            #expect(try await refusal(fixture, channel, charged: 39_851_680, validUntil: until, by: key) == nil)

            let opening = OpenChannel(
                payer: key.address, signer: key.address, opening: SHA256.hash(key.address.bytes))
            #expect(try await fixture.service.open(opening, signature: key.sign(channel)) == channel)
            try await fixture.deposit(1_000_000_000, to: channel, reference: SHA256.hash([6]))
            #expect(
                try await refusal(fixture, channel, charged: 39_851_680, validUntil: until, by: key)
                    == "channel/closed")
            #expect(try await fixture.decide([voucher("b", fixture, channel, 2)]) == [.failure(.closed)])
            // What was paid before keeps its receipt.
            #expect(try await fixture.pay(first).map(\.leaf) == receipts.map(\.leaf))

            let reopened = try await fixture.reopened()
            let state = try await reopened.service.read { try await ChannelStore($0).channel(channel)?.state }
            #expect(state?.stage == .closed)
            #expect(try state?.available == .zero)
            #expect(try await reopened.decide([voucher("c", reopened, channel, 3)]) == [.failure(.closed)])
            #expect(try await reopened.balance(.payable(key.address)) == 1_060_148_320)
            await reopened.pool.close()
        }
    }

    @Test func `a voucher that was screened before a close is refused after it`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100_000_000)
            _ = try await fixture.pay(voucher("a", fixture, channel, 1))
            let screened = try await VoucherScreen(fixture.service).screen([voucher("b", fixture, channel, 2)])
            let recovered = try screened.map { try $0.get() }
            let until = fixture.service.clock.now
            #expect(try await refusal(fixture, channel, charged: 39_851_680, validUntil: until, by: key) == nil)
            #expect(try await fixture.service.accept(recovered) == [.failure(.closed)])
            #expect(await fixture.service.state.chargeCount == 1)
        }
    }
}
