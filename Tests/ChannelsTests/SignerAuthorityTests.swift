import Channels
import Primitives
import Testing

@Suite struct SignerAuthorityTests {
    private static let earliest = TestChannel.now + 90_000
    private static let gateway = SecretKey(seed: 2, label: "gateway").address
    private var test = TestChannel()

    private func delegation(
        _ signer: Address = gateway, lane: UInt32 = 3, ceiling: Amount = 500_000_000, expires: UInt64 = earliest,
        nonce: UInt64 = 1
    ) -> Delegation {
        Delegation(
            channelID: test.state.id, signer: signer, lane: lane, ceiling: ceiling, expires: expires, nonce: nonce)
    }

    private func refusal(_ delegation: Delegation, of channel: ChannelState) -> ChannelRefusal? {
        var channel = channel
        do throws(ChannelRefusal) {
            _ = try channel.delegate(delegation, earliest: Self.earliest)
            return nil
        } catch {
            return error
        }
    }

    private static func address(_ number: Int) -> Address { SecretKey(seed: 3, label: "signer \(number)").address }

    // MARK: What a delegation allows

    @Test func `a delegate pays from its lane under its ceiling`() throws {
        var test = test
        _ = try test.state.delegate(delegation(), earliest: Self.earliest)
        let item = TestChannel.item(1)
        let good = test.voucher([item], ceiling: 500_000_000, lane: 3)
        #expect(try test.admit(good, signer: Self.gateway).total == TestChannel.itemPrice)
        #expect(
            test.refusal(test.voucher([item], ceiling: 500_000_001, lane: 3), signer: Self.gateway)
                == .authorityCeiling(found: 500_000_001, allowed: 500_000_000))
        for lane in [UInt32(2), 4] {
            #expect(
                test.refusal(test.voucher([item], ceiling: 500_000_000, lane: lane), signer: Self.gateway)
                    == .authorityLane(found: lane, allowed: 3))
        }
    }

    @Test func `a delegation for every lane is for every lane`() throws {
        var test = test
        _ = try test.state.delegate(delegation(lane: Delegation.everyLane), earliest: Self.earliest)
        for lane in [UInt32(0), 63] {
            let voucher = test.voucher([TestChannel.item(1)], ceiling: 500_000_000, lane: lane)
            #expect(test.refusal(voucher, signer: Self.gateway) == nil)
        }
    }

    @Test(arguments: [
        (UInt64(0), VoucherRefusal?.none), (1, .authorityExpires(found: earliest, earliest: earliest + 1)),
    ])
    func `an authority has to outlast the time in which the settlement may ask`(
        later: UInt64, refusal: VoucherRefusal?
    ) throws {
        var test = test
        _ = try test.state.delegate(delegation(), earliest: Self.earliest)
        let voucher = test.voucher([TestChannel.item(1)], ceiling: 500_000_000, lane: 3)
        var found: VoucherRefusal?
        do throws(VoucherRefusal) {
            _ = try test.admit(voucher, signer: Self.gateway, now: TestChannel.now + later)
        } catch {
            found = error
        }
        #expect(found == refusal)
    }

    @Test func `a stranger and whoever was revoked are refused alike`() throws {
        var test = test
        let voucher = test.voucher([TestChannel.item(1)])
        #expect(test.refusal(voucher, signer: Self.gateway) == .unknownChannelOrSigner)
        _ = try test.state.revoke(Revocation(channelID: test.state.id, signer: test.key.address, nonce: 1))
        #expect(test.refusal(voucher) == .unknownChannelOrSigner)
        // Not even the receipts of what was charged before.
        let charged: Set = [TestChannel.item(1).envelopeHash]
        #expect(test.refusal(voucher, charged: charged) == .unknownChannelOrSigner)
    }

    @Test func `a delegation to the opening's signer takes the place of what it had`() throws {
        var test = test
        _ = try test.state.delegate(delegation(test.key.address), earliest: Self.earliest)
        #expect(
            test.refusal(test.voucher([TestChannel.item(1)], ceiling: 500_000_000))
                == .authorityLane(found: 0, allowed: 3))
        _ = try test.state.revoke(Revocation(channelID: test.state.id, signer: test.key.address, nonce: 2))
        #expect(test.state.authority(of: test.key.address) == nil)
        #expect(test.state.signers.isEmpty)
        _ = try test.state.delegate(delegation(test.key.address, nonce: 3), earliest: Self.earliest)
        #expect(test.state.authority(of: test.key.address) == delegation().authority)
    }

    // MARK: What is refused

    @Test(arguments: [(UInt64(4), true), (5, false), (6, true)])
    func `nonces count without a gap`(nonce: UInt64, isRefused: Bool) {
        var state = test.state
        state.nonce = 4
        let found = refusal(delegation(nonce: nonce), of: state)
        #expect((found == .nonce(found: nonce, expected: 5)) == isRefused)
    }

    @Test func `the same delegation again changes nothing, another of its nonce is refused`() throws {
        var state = test.state
        #expect(try state.delegate(delegation(), earliest: Self.earliest))
        let once = state
        #expect(try !state.delegate(delegation(), earliest: Self.earliest))
        #expect(state == once)
        #expect(refusal(delegation(ceiling: 1), of: state) == .nonce(found: 1, expected: 2))
    }

    @Test(arguments: [(earliest - 1, true), (earliest, false), (earliest + 1, false)])
    func `a delegation that ends too early is refused`(expires: UInt64, isRefused: Bool) {
        let found = refusal(delegation(expires: expires), of: test.state)
        #expect((found == .expires(found: expires, earliest: Self.earliest)) == isRefused)
    }

    @Test(arguments: [(UInt32(63), false), (64, true), (.max - 1, true), (.max, false)])
    func `a delegation is for a lane that there is, or for every lane`(lane: UInt32, isRefused: Bool) {
        #expect((refusal(delegation(lane: lane), of: test.state) == .lane(found: lane)) == isRefused)
    }

    @Test func `a channel has sixteen delegates at most, and room again after a revocation`() throws {
        var state = test.state
        for number in 1...16 {
            _ = try state.delegate(
                delegation(Self.address(number), nonce: UInt64(number)), earliest: Self.earliest)
        }
        #expect(refusal(delegation(Self.address(17), nonce: 17), of: state) == .delegates(limit: 16))
        // Who is one already may be given something else.
        #expect(refusal(delegation(Self.address(16), ceiling: 1, nonce: 17), of: state) == nil)
        _ = try state.revoke(Revocation(channelID: state.id, signer: Self.address(1), nonce: 17))
        #expect(refusal(delegation(Self.address(17), nonce: 18), of: state) == nil)
    }

    @Test(arguments: [(UInt64(4_094), false), (4_095, false), (4_096, true)])
    func `signers are changed so often and not oftener`(nonce: UInt64, isRefused: Bool) {
        var state = test.state
        state.nonce = nonce
        #expect((refusal(delegation(nonce: nonce + 1), of: state) == .signerActs(limit: 4_096)) == isRefused)
    }

    @Test func `nobody is delegated to at the zero address, and only a signer is revoked`() {
        #expect(refusal(delegation(.zero), of: test.state) == .zeroAddress)
        var state = test.state
        #expect(throws: ChannelRefusal.notASigner(Self.gateway)) {
            try state.revoke(Revocation(channelID: state.id, signer: Self.gateway, nonce: 1))
        }
    }

    // MARK: Stages

    @Test(arguments: [
        (ChannelStage.opening, VoucherRefusal?.some(.opening(deposited: 1_000_000_000))), (.open, nil),
        (.closing, .closing), (.closed, .closed),
    ])
    func `only an open channel takes vouchers`(stage: ChannelStage, expected: VoucherRefusal?) {
        var test = test
        test.state.stage = stage
        #expect(test.refusal(test.voucher([TestChannel.item(1)])) == expected)
    }
}
