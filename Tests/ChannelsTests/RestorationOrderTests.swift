import Channels
import Primitives
import Testing

/// What keeps a channel's money where its charges are restored.
@Suite struct RestorationOrderTests {
    private let log = LostLog()
    private let channel = TestChannel()
    private let items = [TestChannel.item(1), TestChannel.item(2)]

    @Test func `numbers ascend on a lane, and other lanes have their own`() throws {
        for (newest, isGood) in [(UInt64(0), true), (20, true), (21, true), (22, false), (23, false)] {
            var channel = channel
            channel.state.lanes[0] = LaneState(lastCharge: newest)
            channel.state.lanes[1] = LaneState(lastCharge: 1_000)
            let proofs = try log.proofs(items, [22, 23], of: channel)
            let expected = isGood ? nil : RestorationRefusal.order(charge: 22, newest: newest)
            #expect(log.rules.refusal(channel.voucher(items), proofs, of: channel) == expected, "\(newest)")
        }
        for (numbers, isGood): ([UInt64], Bool) in [([21, 22], true), ([22, 22], false), ([23, 22], false)] {
            let proofs = try log.proofs(items, numbers, of: channel)
            let expected = isGood ? nil : RestorationRefusal.order(charge: 22, newest: numbers[0])
            #expect(log.rules.refusal(channel.voucher(items), proofs, of: channel) == expected, "\(numbers)")
        }
    }

    @Test func `a voucher's form is asked for as that of any other`() throws {
        let proofs = try log.proofs(items, [21, 22], of: channel)
        func refusal(_ voucher: SignedVoucher, signer: Address? = nil) -> RestorationRefusal? {
            log.rules.refusal(voucher, proofs, of: channel, signer: signer)
        }
        let good = channel.voucher(items)
        #expect(refusal(good) == nil)
        #expect(refusal(channel.voucher([])) == .voucher(.itemCount(found: 0)))
        let many = (UInt64(0)..<257).map { TestChannel.item($0) }
        #expect(refusal(channel.voucher(many)) == .voucher(.itemCount(found: 257)))
        let twice = [items[0], items[1], items[0]]
        #expect(refusal(channel.voucher(twice)) == .voucher(.itemTwice(envelopeHash: items[0].envelopeHash)))
        for (lane, isGood) in [(UInt32(63), true), (64, false), (.max, false)] {
            let expected = isGood ? nil : RestorationRefusal.voucher(.lane(found: lane))
            #expect(refusal(channel.voucher(items, lane: lane)) == expected)
        }
        let most = UInt64(Int64.max)
        for (sequence, isGood) in [(0, false), (1, true), (most, true), (most + 1, false)] {
            let expected = isGood ? nil : RestorationRefusal.voucher(.sequenceRange(found: sequence))
            #expect(refusal(channel.voucher(items, sequence: sequence)) == expected)
        }
        let turned = [items[1], items[0]]
        let unsigned = SignedVoucher(voucher: good.voucher, items: turned, signature: good.signature)
        #expect(
            refusal(unsigned)
                == .voucher(.itemsHash(signed: Item.hash(of: items), found: Item.hash(of: turned))))
        #expect(refusal(good, signer: .zero) == .voucher(.unknownChannelOrSigner))
    }

    @Test func `a signer restores what it may sign as the log stands`() throws {
        var channel = channel
        let delegate = SecretKey(seed: 2, label: "gateway").address
        channel.state.delegates[delegate] = SignerAuthority(lane: 3, ceiling: 500_000_000, expires: .max)
        let proofs = try log.proofs(items, [21, 22], of: channel)
        for (lane, ceiling, refusal): (UInt32, Amount, VoucherRefusal?) in [
            (3, 500_000_000, nil), (2, 500_000_000, .authorityLane(found: 2, allowed: 3)),
            (4, 500_000_000, .authorityLane(found: 4, allowed: 3)),
            (3, 500_000_001, .authorityCeiling(found: 500_000_001, allowed: 500_000_000)),
        ] {
            let voucher = channel.voucher(items, ceiling: ceiling, lane: lane)
            let expected = refusal.map(RestorationRefusal.voucher)
            #expect(log.rules.refusal(voucher, proofs, of: channel, signer: delegate) == expected)
        }
        channel.state.delegates[delegate] = nil
        channel.state.isSignerRevoked = true
        let voucher = channel.voucher(items, lane: 3)
        for signer in [delegate, channel.key.address] {
            #expect(
                log.rules.refusal(voucher, proofs, of: channel, signer: signer) == .voucher(.unknownChannelOrSigner))
        }
    }

    @Test func `a channel that has no money yet, or is over, restores nothing`() throws {
        for (stage, refusal): (ChannelStage, VoucherRefusal?) in [
            (.opening, .opening(deposited: 1_000_000_000)), (.open, nil), (.closing, nil), (.closed, .closed),
        ] {
            var channel = channel
            channel.state.stage = stage
            let proofs = try log.proofs(items, [21, 22], of: channel)
            let expected = refusal.map(RestorationRefusal.voucher)
            #expect(log.rules.refusal(channel.voucher(items), proofs, of: channel) == expected, "\(stage)")
        }
    }

    @Test func `sequence and ceiling go on from the lane's, and the channel covers all ceilings`() throws {
        var channel = channel
        channel.state.lanes[0] = LaneState(sequence: 5, ceiling: 200_000_000, charged: 100_000_000)
        channel.state.lanes[1] = LaneState(sequence: 1, ceiling: 300_000_000, charged: 0)
        let proofs = try log.proofs(items, [21, 22], of: channel)
        func refusal(_ sequence: UInt64, _ ceiling: Amount) -> RestorationRefusal? {
            log.rules.refusal(channel.voucher(items, ceiling: ceiling, sequence: sequence), proofs, of: channel)
        }
        #expect(refusal(4, 200_000_000) == .voucher(.sequence(found: 4, newest: 5)))
        #expect(refusal(5, 200_000_000) == .voucher(.sequence(found: 5, newest: 5)))
        #expect(refusal(6, 200_000_000) == nil)
        #expect(refusal(6, 199_999_999) == .voucher(.ceilingLowered(found: 199_999_999, newest: 200_000_000)))
        #expect(refusal(6, 700_000_000) == nil)
        let above = VoucherRefusal.deposit(ceilings: 1_000_000_001, coverage: 1_000_000_000)
        #expect(refusal(6, 700_000_001) == .voucher(above))
        channel.state.lanes[0]?.charged = 120_296_640
        #expect(refusal(6, 200_000_000) == nil)
        channel.state.lanes[0]?.charged = 120_296_641
        #expect(refusal(6, 200_000_000) == .voucher(.ceilingTooLow(found: 200_000_000, needed: 200_000_001)))
    }

    // MARK: More than one rollback

    /// A second act, at leaf 9, after the charges of the first have been left out.
    private var second: LoggedRollback {
        let lost = log.head(size: 15, time: LostLog.time + 500)
        return LoggedRollback(
            index: 9, rollback: Rollback(lost: lost, charges: 40, time: LostLog.time + 600))
    }

    private var twice: Restoration {
        Restoration(keys: log.keys, rollbacks: [log.rollback, second], openEpoch: 2, firstCharge: 1)
    }

    @Test
    func `what was lost first is restored after another loss by its first receipt, with its first index and time`()
        throws
    {
        let proofs = try log.proofs(items, [21, 22], of: channel)
        let restored = try twice.restore(
            channel.voucher(items), signer: channel.key.address, proofs: proofs, channel: channel.state, charged: [])
        #expect(restored.charges.map(\.index) == [6, 7])
        #expect(restored.charges.map(\.time) == [LostLog.accepted, LostLog.accepted])
    }

    @Test func `a charge that was restored and lost again is restored by that receipt, with its first index and time`()
        throws
    {
        let charge = try log.charge(21, items[0], of: channel.state)
        let first = RestoredCharge(index: 6, time: LostLog.accepted, charge: charge)
        let receipt = log.receipt(first, at: 10, size: 15, time: LostLog.time + 400)
        #expect(second.withdraws(receipt.head.head))
        let voucher = channel.voucher([items[0]])
        let restored = try twice.restore(
            voucher, signer: channel.key.address, proofs: [(receipt, LostLog.salt(21))], channel: channel.state,
            charged: [])
        #expect(restored.charges == [first])
    }

    @Test func `each loss has its own numbers and leaves`() throws {
        let time = LostLog.time + 400
        for (number, index, isLost): (UInt64, UInt64, Bool) in [
            (40, 9, false), (41, 8, false), (41, 9, true), (42, 14, true),
        ] {
            let charge = try log.charge(number, items[0], of: channel.state)
            let receipt = log.receipt(charge, at: index, size: 15, time: time)
            let expected = isLost ? nil : RestorationRefusal.notLost(charge: number)
            #expect(
                twice.refusal(channel.voucher([items[0]]), [(receipt, LostLog.salt(number))], of: channel) == expected,
                "\(number) \(index)")
        }
    }
}
