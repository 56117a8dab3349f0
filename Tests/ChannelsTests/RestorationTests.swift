import Channels
import Primitives
import Testing

@Suite struct RestorationTests {
    private let log = LostLog()
    private var channel = TestChannel()
    private let items = [TestChannel.item(1), TestChannel.item(2)]

    init() {
        channel.state.lanes[0] = LaneState(
            sequence: 1, ceiling: 100_000_000, charged: TestChannel.itemPrice, lastCharge: 20)
    }

    /// The refusal of a voucher for one item with the receipt given; `nil` where it is restored.
    private func refusal(
        _ receipt: Receipt, salt: Bytes32 = LostLog.salt(21), item: Item = TestChannel.item(1),
        rules: Restoration? = nil
    ) -> RestorationRefusal? {
        (rules ?? log.rules).refusal(channel.voucher([item], sequence: 2), [(receipt, salt)], of: channel)
    }

    private func charge(_ number: UInt64 = 21, epoch: UInt64 = 2) throws -> Charge {
        try log.charge(number, TestChannel.item(1), of: channel.state, epoch: epoch)
    }

    // MARK: What is restored

    @Test func `a voucher's items are charged again as they were: index, time, number, price and commitment`() throws {
        let proofs = try log.proofs(items, [21, 24], of: channel)
        let restored = try log.rules.restore(
            channel.voucher(items, ceiling: 300_000_000, sequence: 2), signer: channel.key.address, proofs: proofs,
            channel: channel.state, charged: [])
        #expect(
            restored.charges == [
                RestoredCharge(index: 6, time: LostLog.accepted, charge: proofs[0].receipt.charge),
                RestoredCharge(index: 9, time: LostLog.accepted, charge: proofs[1].receipt.charge),
            ])
        #expect(restored.total == 79_703_360)
        #expect(
            restored.lane
                == LaneState(sequence: 2, ceiling: 300_000_000, charged: 119_555_040, lastCharge: 20))
    }

    @Test func `a voucher's end and today's price are not asked for, and a channel that closes restores`() throws {
        var channel = channel
        channel.state.stage = .closing
        let voucher = channel.voucher(items, sequence: 2, validUntil: 0)
        #expect(log.rules.refusal(voucher, try log.proofs(items, [21, 22], of: channel), of: channel) == nil)
    }

    @Test func `the same again changes nothing, whatever the stage, the sequence and the receipts`() throws {
        var channel = channel
        channel.state.lanes[0] = LaneState(sequence: 9, ceiling: 900_000_000, charged: 900_000_000, lastCharge: 50)
        let charged = Set(items.map(\.envelopeHash))
        for stage in [ChannelStage.opening, .open, .closing, .closed] {
            channel.state.stage = stage
            for proofs in [[], try log.proofs(items, [21, 22], of: channel)] {
                for sequence in [UInt64(2), 9, 10] {
                    let again = try log.rules.restore(
                        channel.voucher(items, ceiling: 1, sequence: sequence), signer: channel.key.address,
                        proofs: proofs, channel: channel.state, charged: charged)
                    #expect(again.charges.isEmpty)
                    #expect(again.total == .zero)
                    #expect(again.lane == nil)
                }
            }
        }
    }

    @Test func `an item that is charged as the log stands costs nothing and needs no receipt`() throws {
        let three = items + [TestChannel.item(3)]
        let charged: Set = [items[1].envelopeHash]
        let voucher = channel.voucher(three, ceiling: 300_000_000, sequence: 2)
        let proofs = try log.proofs([three[0], three[2]], [21, 23], of: channel)
        let restored = try log.rules.restore(
            voucher, signer: channel.key.address, proofs: proofs, channel: channel.state, charged: charged)
        #expect(restored.charges.map(\.charge.number) == [21, 23])
        #expect(restored.total == 79_703_360)
        let all = try log.proofs(three, [21, 22, 23], of: channel)
        #expect(log.rules.refusal(voucher, all, of: channel, charged: charged) == .receiptCount(expected: 2, found: 3))
    }

    // MARK: What is not

    @Test func `each open item has one receipt, in the voucher's order`() throws {
        let proofs = try log.proofs(items + items, [21, 22, 23, 24], of: channel)
        let voucher = channel.voucher(items, sequence: 2)
        for count in 0...4 {
            let expected = count == 2 ? nil : RestorationRefusal.receiptCount(expected: 2, found: count)
            #expect(log.rules.refusal(voucher, Array(proofs.prefix(count)), of: channel) == expected)
        }
        let turned = try log.proofs([items[1], items[0]], [21, 22], of: channel)
        #expect(log.rules.refusal(voucher, turned, of: channel) == .item(envelopeHash: items[0].envelopeHash))
    }

    @Test func `a receipt is of this log, signed by its key, and its path is good`() throws {
        let charge = try charge()
        let good = log.receipt(charge)
        #expect(refusal(good) == nil)
        let other = SecretKey(seed: 4, label: "settlement")
        #expect(refusal(log.receipt(charge, by: other)) == .receipt(.headSignature))
        #expect(refusal(log.receipt(charge, logID: .zero)) == .receipt(.otherLog))
        for path in [[], Array(good.path.dropLast()), good.path.reversed()] {
            let spoilt = Receipt(leaf: good.leaf, charge: good.charge, head: good.head, path: path)
            #expect(refusal(spoilt) == .receipt(.path))
        }
    }

    @Test(arguments: [
        (LostLog.index, LostLog.time - 1, false), (LostLog.index + 1, LostLog.time - 1, true),
        (LostLog.index + 2, LostLog.time - 1, true), (LostLog.size + 9, LostLog.time - 1, true),
        (LostLog.size, LostLog.time, false), (LostLog.size, LostLog.time + 1, false), (LostLog.size, 0, true),
    ])
    func `nothing under a head that stands was lost`(_ size: UInt64, time: UInt64, isLost: Bool) throws {
        let receipt = log.receipt(try charge(), at: min(size - 1, 7), size: size, time: time)
        #expect(refusal(receipt) == (isLost ? nil : .standing(size: size)))
    }

    @Test func `a log that never rolled back lost nothing`() throws {
        let rules = Restoration(keys: log.keys, rollbacks: [], openEpoch: 2, firstCharge: 1)
        #expect(refusal(log.receipt(try charge()), rules: rules) == .standing(size: LostLog.size))
    }

    @Test(arguments: [(LostLog.index - 1, false), (LostLog.index, true), (LostLog.index + 1, true)])
    func `a leaf from before the act was not lost`(_ index: UInt64, isLost: Bool) throws {
        let receipt = log.receipt(try charge(), at: index)
        #expect(refusal(receipt) == (isLost ? nil : .notLost(charge: 21)))
    }

    @Test(arguments: [
        (UInt64(0), false), (19, false), (20, false), (21, true), (22, true), (39, true), (40, true), (41, false),
        (.max, false),
    ])
    func `numbers after charges, up to lastCharge, were lost`(_ number: UInt64, isLost: Bool) throws {
        var rested = self
        rested.channel.state.lanes[0]?.lastCharge = 0
        let receipt = log.receipt(try charge(number))
        let expected = isLost ? nil : RestorationRefusal.notLost(charge: number)
        #expect(rested.refusal(receipt, salt: LostLog.salt(number)) == expected)
        #expect(log.rollback.covers(charge: number) == isLost)
    }

    @Test func `a charge is of the open epoch, by its own words and by its number`() throws {
        for (epoch, isOpen) in [(UInt64(1), false), (2, true), (3, false)] {
            let expected = isOpen ? nil : RestorationRefusal.epoch(found: epoch, open: 2)
            #expect(refusal(log.receipt(try charge(epoch: epoch))) == expected, "\(epoch)")
        }
        for (first, isOpen) in [(UInt64(20), true), (21, true), (22, false)] {
            let rules = Restoration(keys: log.keys, rollbacks: [log.rollback], openEpoch: 2, firstCharge: first)
            let expected = isOpen ? nil : RestorationRefusal.epoch(found: 2, open: 2)
            #expect(refusal(log.receipt(try charge()), rules: rules) == expected, "\(first)")
        }
    }

    @Test func `the salt opens the charge to the voucher's channel`() throws {
        let receipt = log.receipt(try charge())
        for salt in [Bytes32.zero, LostLog.salt(22)] {
            #expect(refusal(receipt, salt: salt) == .commitment(charge: 21))
        }
        var other = channel.state
        other.deposited = 1
        let stranger = ChannelState(
            id: SHA256.hash([2]), payer: other.payer, signer: other.signer, stage: .open, deposited: other.deposited,
            refunded: 0, withdrawn: 0, lanes: [:])
        let theirs = log.receipt(try log.charge(21, TestChannel.item(1), of: stranger))
        #expect(refusal(theirs) == .commitment(charge: 21))
    }

    @Test func `a receipt is for its item, at no more than its maxFee`() throws {
        let receipt = log.receipt(try charge())
        let hash = TestChannel.item(1).envelopeHash
        for item in [
            TestChannel.item(1, bytes: 1_023), TestChannel.item(1, bytes: 1_025), TestChannel.item(1, days: 59),
            TestChannel.item(1, days: 61), TestChannel.item(1, postage: 1), TestChannel.item(1, postage: 5_000_000),
        ] {
            #expect(refusal(receipt, item: item) == .item(envelopeHash: hash))
        }
        #expect(refusal(receipt, item: TestChannel.item(2)) == .item(envelopeHash: TestChannel.item(2).envelopeHash))
        for (maxFee, isGood): (Amount, Bool) in [
            (0, false), (39_851_679, false), (39_851_680, true), (39_851_681, true),
        ] {
            let expected = isGood ? nil : RestorationRefusal.item(envelopeHash: hash)
            #expect(refusal(receipt, item: TestChannel.item(1, maxFee: maxFee)) == expected)
        }
    }
}
