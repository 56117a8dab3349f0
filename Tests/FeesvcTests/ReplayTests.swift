import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

/// Vouchers sent again, elsewhere or all at once. docs/attacks.md 1, 13, 14, 22.
struct ReplayTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))

    private func moved(_ signed: SignedVoucher, to channel: Bytes32) -> SignedVoucher {
        let voucher = signed.voucher
        return SignedVoucher(
            voucher: Voucher(
                channelID: channel, lane: voucher.lane, sequence: voucher.sequence,
                cumulativeAmount: voucher.cumulativeAmount, validUntil: voucher.validUntil,
                itemsHash: voucher.itemsHash), items: signed.items, signature: signed.signature)
    }

    @Test func `a voucher for one channel is worth nothing in another of the same payer and signer`() async throws {
        try await ServiceFixture.run { fixture in
            let first = try await fixture.channel(key, deposit: 100_000_000)
            let opening = OpenChannel(payer: key.address, signer: key.address, opening: SHA256.hash([2]))
            let second = opening.channelID(in: fixture.service.domain)
            _ = try await fixture.service.open(opening, signature: key.sign(second))
            try await fixture.deposit(100_000_000, to: second, reference: SHA256.hash([3]))

            let item = fixture.item(fixture.envelope("a", topic: topic))
            let voucher = fixture.voucher([item], channel: first, key: key, sequence: 1, ceiling: 40_000_000)
            #expect(
                try await fixture.decide([moved(voucher, to: second)]) == [.failure(.unknownChannelOrSigner)])
            #expect(try await fixture.available(second) == 100_000_000)
            #expect(try await fixture.pay(voucher).count == 1)
        }
    }

    @Test func `an id of which any one byte differs names no channel`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 100_000_000)
            let item = fixture.item(fixture.envelope("a", topic: topic))
            let others = (0..<32).compactMap { place -> Bytes32? in
                var bytes = channel.bytes
                bytes[place] ^= 1
                return Bytes32(bytes)
            }
            let decisions = try await fixture.decide(
                others.map { fixture.voucher([item], channel: $0, key: key, sequence: 1, ceiling: 40_000_000) })
            #expect(decisions == [VoucherDecision](repeating: .failure(.unknownChannelOrSigner), count: 32))
            for other in others {
                let close = CloseChannel(channelID: other, charged: 0, validUntil: .max)
                await #expect {
                    try await fixture.service.close(
                        close, signature: key.sign(fixture.service.domain.digest(of: close)))
                } throws: {
                    ($0 as? Refusal)?.code == "channel/unknown"
                }
            }
            #expect(try await fixture.available(channel) == 100_000_000)
        }
    }

    @Test func `one voucher that many requests send at once is charged once, and all get its receipt`() async throws {
        try await ServiceFixture.run { fixture in
            let pipeline = VoucherPipeline(fixture.service)
            let channel = try await fixture.channel(key, deposit: 1_000_000_000)
            let items = ["a", "b"].map { fixture.item(fixture.envelope($0, topic: topic)) }
            let voucher = fixture.voucher(items, channel: channel, key: key, sequence: 1, ceiling: 80_000_000)
            let answers = try await withThrowingTaskGroup(of: [UInt64].self) { group in
                for _ in 0..<24 {
                    group.addTask {
                        let screened = try await VoucherScreen(fixture.service).screen([voucher]).map { try $0.get() }
                        return try await pipeline.submit(screened)[0].get()
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(answers).count == 1)
            #expect(answers.first?.count == 2)
            #expect(await fixture.service.state.chargeCount == 2)
            #expect(try await fixture.available(channel) == 920_296_640)
        }
    }

    @Test func `what many requests pay at once from one channel is charged to the last unit`() async throws {
        try await ServiceFixture.run { fixture in
            let pipeline = VoucherPipeline(fixture.service)
            let channel = try await fixture.channel(key, deposit: 4_000_000_000)
            /// The lane's vouchers, in order.
            func vouchers(_ lane: UInt32) -> [RecoveredVoucher] {
                (1...6).map { number in
                    let items = [fixture.item(fixture.envelope("\(lane)/\(number)", topic: topic))]
                    let voucher = Voucher(
                        channelID: channel, lane: lane, sequence: UInt64(number),
                        cumulativeAmount: Amount(UInt128(number) * 39_851_680),
                        validUntil: fixture.service.clock.now + 10 * UTCDay.seconds, itemsHash: Item.hash(of: items))
                    let signature = key.sign(fixture.service.domain.digest(of: voucher))
                    return RecoveredVoucher(
                        signed: SignedVoucher(voucher: voucher, items: items, signature: signature),
                        signer: key.address)
                }
            }
            let requests = (UInt32(0)..<8).map { vouchers($0) }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for request in requests {
                    group.addTask {
                        for voucher in request { _ = try await pipeline.submit([voucher])[0].get() }
                    }
                }
                try await group.waitForAll()
            }
            let state = try #require(
                try await fixture.service.read { try await ChannelStore($0).channel(channel)?.state })
            for lane in UInt32(0)..<8 {
                #expect(state.lanes[lane]?.sequence == 6)
                #expect(state.lanes[lane]?.ceiling == 239_110_080)
                #expect(state.lanes[lane]?.charged == 239_110_080)
            }
            #expect(try state.available == 2_087_119_360)
            #expect(try await fixture.balance(.channels) == 2_087_119_360)
            #expect(await fixture.service.state.chargeCount == 48)
        }
    }
}
