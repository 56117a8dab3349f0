import Channels
import Primitives
import Testing

@Suite struct AdmissionTests {
    private static let price = TestChannel.itemPrice
    private static let item = TestChannel.item(1)

    @Test func `a good voucher charges its items in order and moves its lane`() throws {
        let channel = TestChannel()
        let items = [TestChannel.item(3), TestChannel.item(1), TestChannel.item(2, postage: 5_000_000)]
        let admitted = try channel.admit(channel.voucher(items, ceiling: 900_000_000, sequence: 7))
        #expect(admitted.charges.map(\.item) == items)
        #expect(admitted.total == 124_555_040)
        #expect(admitted.lane == LaneState(sequence: 7, ceiling: 900_000_000, charged: 124_555_040))
    }

    @Test func `only the channel's signer is heard, and a stranger learns nothing else`() {
        var channel = TestChannel()
        channel.state.stage = .closed
        let voucher = channel.voucher([Self.item], ceiling: 0, sequence: 0)
        for stranger in [channel.state.payer, Address.zero, SecretKey(seed: 2, label: "signer").address] {
            #expect(channel.refusal(voucher, signer: stranger) == .unknownChannelOrSigner)
            #expect(
                channel.refusal(voucher, signer: stranger, charged: [Self.item.envelopeHash])
                    == .unknownChannelOrSigner)
        }
    }

    @Test func `a closed channel takes nothing new and still answers what was charged`() throws {
        var channel = TestChannel()
        channel.state.stage = .closed
        let voucher = channel.voucher([Self.item])
        #expect(channel.refusal(voucher) == .closed)
        #expect(try channel.admit(voucher, charged: [Self.item.envelopeHash]).charges.isEmpty)
    }

    @Test func `a sequence must be above the newest`() {
        var channel = TestChannel()
        #expect(channel.refusal(channel.voucher([Self.item], sequence: 0)) == .sequence(found: 0, newest: 0))
        channel.state.lanes[0] = LaneState(sequence: 9, ceiling: 0, charged: 0)
        for sequence: UInt64 in [0, 8, 9] {
            #expect(
                channel.refusal(channel.voucher([Self.item], sequence: sequence))
                    == .sequence(found: sequence, newest: 9))
        }
        for sequence: UInt64 in [10, 11, .max] {
            #expect(channel.refusal(channel.voucher([Self.item], sequence: sequence)) == nil)
        }
    }

    @Test func `what waited until it is valid for too short is refused, and what was charged is answered`() throws {
        let channel = TestChannel()
        let until = TestChannel.now + 86_400 + 3_600
        let voucher = channel.voucher([Self.item], validUntil: until)
        for waited: UInt64 in [0, 1, 2] {
            let now = TestChannel.now - 1 + waited
            let expected: VoucherRefusal? = waited < 2 ? nil : .validUntil(found: until, earliest: until + 1)
            #expect(channel.refusal(voucher, now: now) == expected)
            #expect(channel.refusal(voucher, charged: [Self.item.envelopeHash], now: now) == nil)
        }
    }

    @Test func `windows beyond all time ask for the last moment that there is`() {
        let rules = Admission(challengeWindow: .max, settlementHorizon: 1)
        let channel = TestChannel()
        for until in [UInt64.max - 1, .max] {
            let expected: VoucherRefusal? = until == .max ? nil : .validUntil(found: until, earliest: .max)
            let voucher = channel.voucher([Self.item], validUntil: until)
            do throws(VoucherRefusal) {
                try rules.checkForm(voucher, now: TestChannel.now)
                #expect(expected == nil)
            } catch {
                #expect(error == expected)
            }
        }
    }

    @Test func `a ceiling is never below the newest, and may equal it while it covers`() throws {
        var channel = TestChannel()
        channel.state.lanes[0] = LaneState(sequence: 1, ceiling: 100_000_000, charged: 20_000_000)
        func refusal(_ ceiling: Amount) -> VoucherRefusal? {
            channel.refusal(channel.voucher([Self.item], ceiling: ceiling, sequence: 2))
        }
        #expect(refusal(99_999_999) == .ceilingLowered(found: 99_999_999, newest: 100_000_000))
        #expect(refusal(100_000_000) == nil)
        #expect(refusal(100_000_001) == nil)
        let admitted = try channel.admit(channel.voucher([Self.item], ceiling: 100_000_000, sequence: 2))
        #expect(admitted.lane == LaneState(sequence: 2, ceiling: 100_000_000, charged: 59_851_680))
    }

    @Test func `a ceiling covers what was charged and the items together`() throws {
        var channel = TestChannel()
        channel.state.lanes[0] = LaneState(sequence: 1, ceiling: 50_000_000, charged: 30_000_000)
        let needed: Amount = 109_703_360
        let items = [Self.item, TestChannel.item(2)]
        func refusal(_ ceiling: Amount) -> VoucherRefusal? {
            channel.refusal(channel.voucher(items, ceiling: ceiling, sequence: 2))
        }
        let below = try needed.subtracting(1)
        #expect(refusal(below) == .ceilingTooLow(found: below, needed: needed))
        #expect(refusal(needed) == nil)
        #expect(refusal(try needed.adding(1)) == nil)
    }

    @Test func `ceilings of all lanes stay within deposits and refunds less withdrawals`() throws {
        var channel = TestChannel(deposited: 500)
        channel.schedule = TestChannel.schedule(base: 10, storage: 0)
        channel.state.refunded = 70
        channel.state.withdrawn = 20
        channel.state.lanes[5] = LaneState(sequence: 3, ceiling: 150, charged: 40)
        func refusal(_ ceiling: Amount) -> VoucherRefusal? {
            channel.refusal(channel.voucher([Self.item], ceiling: ceiling))
        }
        #expect(refusal(399) == nil)
        #expect(refusal(400) == nil)
        #expect(refusal(401) == .deposit(ceilings: 551, coverage: 550))
        #expect(try channel.state.coverage == 550)
        #expect(try channel.state.charged == 40)
        #expect(try channel.state.available == 510)
    }

    @Test func `an item costs at most its maxFee, postage included`() throws {
        let channel = TestChannel()
        for postage: Amount in [0, 5_000_000] {
            let price = try Self.price.adding(postage)
            func refusal(_ maxFee: Amount) -> VoucherRefusal? {
                channel.refusal(channel.voucher([TestChannel.item(1, postage: postage, maxFee: maxFee)]))
            }
            let below = try price.subtracting(1)
            #expect(refusal(below) == .maxFee(envelopeHash: Self.item.envelopeHash, price: price, maxFee: below))
            #expect(refusal(price) == nil)
            #expect(refusal(try price.adding(1)) == nil)
        }
    }

    @Test func `an item without a price refuses the whole voucher and names the envelope`() {
        let channel = TestChannel()
        let hash = TestChannel.item(2).envelopeHash
        let priceless: [(Item, PriceRefusal)] = [
            (TestChannel.item(2, bytes: 1_048_577), .tooLarge(bytes: 1_048_577, limit: 1_048_576)),
            (TestChannel.item(2, days: 0), .retention(days: 0, from: 1, to: 400)),
            (TestChannel.item(2, days: 401), .retention(days: 401, from: 1, to: 400)),
            (TestChannel.item(2, postage: 1), .postage(offered: 1, asked: 5_000_000)),
        ]
        for (item, refusal) in priceless {
            #expect(
                channel.refusal(channel.voucher([Self.item, item])) == .price(envelopeHash: hash, refusal))
        }
    }

    @Test func `sums above 2^128 - 1 are refused, never wrapped`() {
        var channel = TestChannel(deposited: .max)
        channel.state.lanes[0] = LaneState(sequence: 1, ceiling: .max, charged: Amount(UInt128.max - 5))
        let voucher = channel.voucher([Self.item], ceiling: .max, sequence: 2)
        #expect(channel.refusal(voucher) == .deposit(ceilings: .max, coverage: .max))

        channel = TestChannel(deposited: .max)
        channel.state.lanes[1] = LaneState(sequence: 1, ceiling: .max, charged: 0)
        #expect(channel.refusal(channel.voucher([Self.item])) == .deposit(ceilings: .max, coverage: .max))

        channel = TestChannel(deposited: 5)
        channel.state.withdrawn = 6
        #expect(channel.refusal(channel.voucher([Self.item])) == .deposit(ceilings: .max, coverage: .zero))

        channel = TestChannel(deposited: .max)
        channel.schedule = TestChannel.schedule(base: .max, storage: 1)
        let overflow = VoucherRefusal.price(envelopeHash: Self.item.envelopeHash, .overflow)
        #expect(channel.refusal(channel.voucher([Self.item], ceiling: .max)) == overflow)
        channel.schedule = TestChannel.schedule(base: 0, storage: .max)
        #expect(channel.refusal(channel.voucher([Self.item], ceiling: .max)) == overflow)
    }
}
