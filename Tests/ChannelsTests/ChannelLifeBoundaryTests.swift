import Channels
import Primitives
import Testing

/// Comparisons of a channel's life below, at and above where they turn. docs/attacks.md 5, 12, 20, 25.
@Suite struct ChannelLifeBoundaryTests {
    private static let now = TestChannel.now
    private static let earliest = now + 90_000
    private static let gateway = SecretKey(seed: 2, label: "gateway").address

    private func refusal<Value>(_ body: () throws(ChannelRefusal) -> Value) -> ChannelRefusal? {
        do throws(ChannelRefusal) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [(now - 1, true), (now, false), (now + 1, false)])
    func `an agreement to close stands until its last second`(validUntil: UInt64, isRefused: Bool) {
        var channel = TestChannel(deposited: 1_000).state
        let agreement = CloseChannel(channelID: channel.id, charged: .zero, validUntil: validUntil)
        let found = refusal { () throws(ChannelRefusal) in try channel.close(agreement, now: Self.now) }
        #expect(found == (isRefused ? .validUntil(found: validUntil, now: Self.now) : nil))
        #expect(channel.stage == (isRefused ? .open : .closed))
    }

    @Test func `a close ends after its window, and never later than time can be told`() throws {
        let rest = UInt64.max - Self.now
        let ends: [(UInt64, UInt64)] = [
            (0, Self.now), (900, Self.now + 900), (rest - 1, .max - 1), (rest, .max), (rest + 1, .max), (.max, .max),
        ]
        for (window, end) in ends {
            var channel = TestChannel().state
            #expect(try channel.beginClose(now: Self.now, challengeWindow: window))
            #expect(channel.closesAt == end)
        }
    }

    @Test(arguments: [(Amount(499_999_999), false), (500_000_000, false), (500_000_001, true)])
    func `a delegate's ceiling is what it may sign at most`(ceiling: Amount, isRefused: Bool) throws {
        var test = TestChannel()
        let delegation = Delegation(
            channelID: test.state.id, signer: Self.gateway, lane: 0, ceiling: 500_000_000, expires: .max, nonce: 1)
        _ = try test.state.delegate(delegation, earliest: Self.earliest)
        let found = test.refusal(test.voucher([TestChannel.item(1)], ceiling: ceiling), signer: Self.gateway)
        #expect(found == (isRefused ? .authorityCeiling(found: ceiling, allowed: 500_000_000) : nil))
    }

    @Test(arguments: [(earliest - 1, true), (earliest, false), (earliest + 1, false)])
    func `a delegate's authority reaches what a voucher reaches`(expires: UInt64, isRefused: Bool) {
        var test = TestChannel()
        test.state.delegates[Self.gateway] = SignerAuthority(lane: nil, ceiling: .max, expires: expires)
        let found = test.refusal(
            test.voucher([TestChannel.item(1)], validUntil: Self.earliest), signer: Self.gateway)
        #expect(found == (isRefused ? .authorityExpires(found: expires, earliest: Self.earliest) : nil))
    }

    @Test func `every unit is either withdrawn, claimed by a ceiling, or can be withdrawn`() throws {
        var generator = SplitMix64(seed: 5)
        for _ in 0..<300 {
            var channel = TestChannel(deposited: 1_000).state
            channel.refunded = Amount(UInt128.random(in: 0...50, using: &generator))
            var ceilings: UInt128 = 0
            for lane in UInt32(0)..<3 {
                let ceiling = UInt128.random(in: 0...300, using: &generator)
                ceilings += ceiling
                let charged = UInt128.random(in: 0...ceiling, using: &generator)
                channel.lanes[lane] = LaneState(sequence: 1, ceiling: Amount(ceiling), charged: Amount(charged))
            }
            let all = channel.deposited.units + channel.refunded.units
            for _ in 0..<8 {
                let asked = Amount(channel.withdrawn.units + UInt128.random(in: 0...400, using: &generator))
                let before = channel
                let limit = all - ceilings - before.withdrawn.units
                let withdrawal = Withdrawal(channelID: channel.id, cumulative: asked, validUntil: Self.now)
                let found = refusal { () throws(ChannelRefusal) in
                    try channel.withdraw(withdrawal, now: Self.now, smallest: 1)
                }
                let amount = asked.units - before.withdrawn.units
                #expect((found == nil) == (amount <= limit))
                #expect(channel.withdrawn.units == before.withdrawn.units + (found == nil ? amount : 0))
                #expect(try channel.available.units >= ceilings - channel.charged.units)
            }
        }
    }
}
