import Channels
import Primitives
import Testing

@Suite struct VoucherFormTests {
    private let channel = TestChannel()

    private func items(_ count: Int) -> [Item] { (0..<count).map { TestChannel.item(UInt64($0)) } }

    @Test func `a voucher pays for 1 to 256 items`() {
        for count in [0, 257, 300] {
            #expect(channel.formRefusal(channel.voucher(items(count))) == .itemCount(found: count))
        }
        for count in [1, 2, 255, 256] { #expect(channel.formRefusal(channel.voucher(items(count))) == nil) }
    }

    @Test func `a channel has the lanes 0 to 63`() {
        for lane: UInt32 in [0, 1, 62, 63] {
            #expect(channel.formRefusal(channel.voucher(items(1), lane: lane)) == nil)
        }
        for lane: UInt32 in [64, 65, .max] {
            #expect(channel.formRefusal(channel.voucher(items(1), lane: lane)) == .lane(found: lane))
        }
    }

    @Test func `sequences are 1 to 2^63 - 1`() {
        let last = UInt64(Int64.max)
        for sequence in [1, 2, last - 1, last] {
            #expect(channel.formRefusal(channel.voucher(items(1), sequence: sequence)) == nil)
        }
        for sequence in [0, last + 1, .max] {
            #expect(
                channel.formRefusal(channel.voucher(items(1), sequence: sequence)) == .sequenceRange(found: sequence))
        }
    }

    @Test func `it is valid for challenge window and settlement horizon at least`() {
        let earliest = TestChannel.now + 86_400 + 3_600
        for (until, isGood) in [
            (earliest - 1, false), (earliest, true), (earliest + 1, true), (.max, true), (0, false),
        ] {
            let expected: VoucherRefusal? = isGood ? nil : .validUntil(found: until, earliest: earliest)
            #expect(channel.formRefusal(channel.voucher(items(1), validUntil: until)) == expected, "\(until)")
        }
    }

    @Test func `an envelope stands once among the items, whatever else differs`() {
        let first = TestChannel.item(1)
        let twins = [
            first, TestChannel.item(1, bytes: 7), TestChannel.item(1, days: 1), TestChannel.item(1, maxFee: 9),
        ]
        for twin in twins {
            let voucher = channel.voucher([first, TestChannel.item(2), twin])
            #expect(channel.formRefusal(voucher) == .itemTwice(envelopeHash: first.envelopeHash))
        }
    }

    @Test func `other items, or the same in another order, are not those that were signed`() {
        let signed = channel.voucher([TestChannel.item(1), TestChannel.item(2)])
        let others: [[Item]] = [
            [TestChannel.item(2), TestChannel.item(1)], [TestChannel.item(1)],
            [TestChannel.item(1), TestChannel.item(2), TestChannel.item(3)],
            [TestChannel.item(1), TestChannel.item(2, bytes: 1_025)],
            [TestChannel.item(1), TestChannel.item(2, days: 61)],
            [TestChannel.item(1), TestChannel.item(2, postage: 1)],
            [TestChannel.item(1), TestChannel.item(2, maxFee: 1)], [TestChannel.item(1), TestChannel.item(4)],
        ]
        for items in others {
            let voucher = SignedVoucher(voucher: signed.voucher, items: items, signature: signed.signature)
            let expected = VoucherRefusal.itemsHash(signed: signed.voucher.itemsHash, found: Item.hash(of: items))
            #expect(channel.formRefusal(voucher) == expected)
        }
        #expect(channel.formRefusal(signed) == nil)
    }

    @Test func `every refusal has a code of its own and a sentence`() {
        let hash = TestChannel.item(1).envelopeHash
        let codes: [(VoucherRefusal, String)] = [
            (.itemCount(found: 0), "voucher/item-count"), (.itemTwice(envelopeHash: hash), "voucher/item-twice"),
            (.itemsHash(signed: .zero, found: hash), "voucher/items-hash"), (.lane(found: 1), "voucher/lane"),
            (.validUntil(found: 1, earliest: 2), "voucher/valid-until"),
            (.unknownChannelOrSigner, "voucher/unknown-channel-or-signer"), (.closed, "voucher/channel-closed"),
            (.sequence(found: 1, newest: 1), "voucher/sequence"),
            (.ceilingLowered(found: 1, newest: 2), "voucher/ceiling-lowered"),
            (.ceilingTooLow(found: 1, needed: 2), "voucher/ceiling-too-low"),
            (.deposit(ceilings: 2, coverage: 1), "voucher/deposit"),
            (.price(envelopeHash: hash, .tooLarge(bytes: 2, limit: 1)), "voucher/too-large"),
            (.price(envelopeHash: hash, .retention(days: 0, from: 1, to: 2)), "voucher/retention"),
            (.price(envelopeHash: hash, .postage(offered: 1, asked: 2)), "voucher/postage"),
            (.price(envelopeHash: hash, .overflow), "voucher/overflow"),
            (.maxFee(envelopeHash: hash, price: 2, maxFee: 1), "voucher/max-fee"),
        ]
        for (refusal, code) in codes {
            #expect(refusal.code == code)
            #expect(refusal.detail.hasSuffix("."), "\(refusal.detail)")
        }
        #expect(Set(codes.map(\.1)).count == codes.count)
    }
}
