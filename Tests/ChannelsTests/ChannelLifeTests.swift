import Channels
import Primitives
import Testing

/// Expected values are counted by hand from docs/protocol.md §2, "The life of a channel".
@Suite struct ChannelLifeTests {
    private static let now = TestChannel.now
    private static let id = SHA256.hash([1])
    private var channel = TestChannel(deposited: 1_000).state

    private func withdrawal(_ cumulative: Amount, validUntil: UInt64 = now) -> Withdrawal {
        Withdrawal(channelID: Self.id, cumulative: cumulative, validUntil: validUntil)
    }

    private func refusal<Value>(_ body: () throws(ChannelRefusal) -> Value) -> ChannelRefusal? {
        do throws(ChannelRefusal) {
            _ = try body()
            return nil
        } catch {
            return error
        }
    }

    // MARK: Deposits

    @Test(arguments: [(UInt64(99), ChannelStage.opening), (100, .open), (101, .open)])
    func `a channel opens with the least deposit`(deposit: UInt64, stage: ChannelStage) throws {
        let opening = OpenChannel(payer: channel.payer, signer: channel.signer, opening: .zero)
        var channel = ChannelState(opening, id: Self.id)
        #expect(channel.stage == .opening)
        #expect(try channel.credit(deposit: Amount(UInt128(deposit)), minimum: 100) == .channel)
        #expect(channel.stage == stage)
    }

    @Test func `deposits add up to the least deposit`() throws {
        var channel = ChannelState(
            OpenChannel(payer: channel.payer, signer: channel.signer, opening: .zero), id: Self.id)
        _ = try channel.credit(deposit: 60, minimum: 100)
        _ = try channel.credit(deposit: 40, minimum: 100)
        #expect(channel.stage == .open)
        #expect(channel.deposited == 100)
    }

    @Test func `a top-up does not reopen a channel that is closing`() throws {
        var channel = channel
        _ = try channel.beginClose(now: Self.now, challengeWindow: 900)
        #expect(try channel.credit(deposit: 5, minimum: 1) == .channel)
        #expect(channel.stage == .closing)
        #expect(channel.closesAt == Self.now + 900)
        #expect(try channel.close() == 1_005)
    }

    @Test func `money that comes to a closed channel is payable and leaves it as it was`() throws {
        var channel = channel
        _ = try channel.close()
        let before = channel
        #expect(try channel.credit(deposit: 5, minimum: 1) == .payable)
        #expect(channel == before)
        #expect(channel.refundCredit == .payable)
    }

    // MARK: Withdrawals

    @Test func `a withdrawal takes what no ceiling claims, and not one unit more`() throws {
        var channel = channel
        channel.refunded = 50
        channel.lanes = [0: LaneState(sequence: 1, ceiling: 300, charged: 10), 9: LaneState(sequence: 4, ceiling: 150)]
        // 1,000 + 50 - 300 - 150.
        #expect(try channel.withdrawable == 600)
        #expect(
            refusal { () throws(ChannelRefusal) in
                try channel.withdraw(withdrawal(601), now: Self.now, smallest: 1)
            } == .reserved(found: 601, limit: 600))
        #expect(try channel.withdraw(withdrawal(599), now: Self.now, smallest: 1) == 599)
        #expect(try channel.withdraw(withdrawal(600), now: Self.now, smallest: 1) == 1)
        #expect(channel.withdrawn == 600)
        #expect(try channel.available == 440)
    }

    @Test func `the same withdrawal twice takes nothing twice, and an older one is refused`() throws {
        var channel = channel
        #expect(try channel.withdraw(withdrawal(400), now: Self.now, smallest: 1) == 400)
        // Long after it was valid: it was done.
        #expect(try channel.withdraw(withdrawal(400), now: Self.now + 99, smallest: 1) == .zero)
        #expect(
            refusal { () throws(ChannelRefusal) in
                try channel.withdraw(withdrawal(399), now: Self.now, smallest: 1)
            } == .withdrawn(found: 399, already: 400))
        #expect(channel.withdrawn == 400)
    }

    @Test(arguments: [(UInt64(9), true), (10, false), (11, false)])
    func `a withdrawal moves the least amount or all`(amount: UInt64, isRefused: Bool) throws {
        var channel = channel
        let found = refusal { () throws(ChannelRefusal) in
            try channel.withdraw(withdrawal(Amount(UInt128(amount))), now: Self.now, smallest: 10)
        }
        #expect((found != nil) == isRefused)
        var small = TestChannel(deposited: 9).state
        #expect(try small.withdraw(withdrawal(9), now: Self.now, smallest: 10) == 9)
    }

    @Test(arguments: [(now - 1, true), (now, false), (now + 1, false)])
    func `a withdrawal stands until its last second`(validUntil: UInt64, isRefused: Bool) {
        var channel = channel
        let found = refusal { () throws(ChannelRefusal) in
            try channel.withdraw(withdrawal(5, validUntil: validUntil), now: Self.now, smallest: 1)
        }
        #expect((found == .validUntil(found: validUntil, now: Self.now)) == isRefused)
    }

    // MARK: Closing

    @Test func `a close that was requested keeps its end, however often it is asked for`() throws {
        var channel = channel
        let request = RequestClose(channelID: Self.id, validUntil: Self.now)
        #expect(try channel.close(request, now: Self.now, challengeWindow: 900))
        #expect(try !channel.close(request, now: Self.now + 500, challengeWindow: 900))
        #expect(channel.closesAt == Self.now + 900)
        #expect(channel.stage == .closing)
    }

    @Test(arguments: [(now - 1, true), (now, false), (now + 1, false)])
    func `a request to close stands until its last second`(validUntil: UInt64, isRefused: Bool) {
        var channel = channel
        let request = RequestClose(channelID: Self.id, validUntil: validUntil)
        let found = refusal { () throws(ChannelRefusal) in
            try channel.close(request, now: Self.now, challengeWindow: 900)
        }
        #expect((found == .validUntil(found: validUntil, now: Self.now)) == isRefused)
    }

    @Test(arguments: [(UInt64(6), true), (7, false), (8, true)])
    func `a payer agrees to exactly what was charged`(signed: UInt64, isRefused: Bool) throws {
        var channel = channel
        channel.lanes[3] = LaneState(sequence: 1, ceiling: 100, charged: 7)
        let agreement = CloseChannel(channelID: Self.id, charged: Amount(UInt128(signed)), validUntil: Self.now)
        let found = refusal { () throws(ChannelRefusal) in try channel.close(agreement, now: Self.now) }
        #expect((found == .charged(signed: Amount(UInt128(signed)), found: 7)) == isRefused)
        #expect(channel.stage == (isRefused ? .open : .closed))
        #expect(channel.withdrawn == (isRefused ? 0 : 993))
    }

    @Test func `an agreement also ends a channel that is closing`() throws {
        var channel = channel
        _ = try channel.beginClose(now: Self.now, challengeWindow: 900)
        let agreement = CloseChannel(channelID: Self.id, charged: .zero, validUntil: Self.now)
        #expect(try channel.close(agreement, now: Self.now) == 1_000)
        #expect(channel.stage == .closed)
        #expect(channel.closesAt == nil)
    }

    @Test func `what is closed refuses every act and stays as it is`() throws {
        var channel = channel
        _ = try channel.close()
        let before = channel
        let key = SecretKey(seed: 2, label: "gateway").address
        let acts: [(inout ChannelState) -> ChannelRefusal?] = [
            { state in
                refusal { () throws(ChannelRefusal) in
                    try state.withdraw(withdrawal(5), now: Self.now, smallest: 1)
                }
            },
            { state in
                refusal { () throws(ChannelRefusal) in
                    try state.close(
                        RequestClose(channelID: Self.id, validUntil: .max), now: Self.now, challengeWindow: 900)
                }
            },
            { state in
                refusal { () throws(ChannelRefusal) in
                    try state.close(
                        CloseChannel(channelID: Self.id, charged: .zero, validUntil: .max), now: Self.now)
                }
            },
            { state in
                refusal { () throws(ChannelRefusal) in
                    try state.delegate(
                        Delegation(
                            channelID: Self.id, signer: key, lane: 0, ceiling: 1, expires: .max, nonce: 1), earliest: 0)
                }
            },
            { state in
                refusal { () throws(ChannelRefusal) in
                    try state.revoke(Revocation(channelID: Self.id, signer: before.signer, nonce: 1))
                }
            },
        ]
        for act in acts {
            #expect(act(&channel) == .closed)
            #expect(channel == before)
        }
    }

    @Test func `a channel that is closing takes neither withdrawal nor delegation, but a revocation`() throws {
        var channel = channel
        _ = try channel.beginClose(now: Self.now, challengeWindow: 900)
        let until = Self.now + 900
        #expect(
            refusal { () throws(ChannelRefusal) in
                try channel.withdraw(withdrawal(5), now: Self.now, smallest: 1)
            } == .closing(until: until))
        let key = SecretKey(seed: 2, label: "gateway").address
        let delegation = Delegation(
            channelID: Self.id, signer: key, lane: 0, ceiling: 1, expires: .max, nonce: 1)
        #expect(
            refusal { () throws(ChannelRefusal) in
                try channel.delegate(delegation, earliest: 0)
            } == .closing(until: until))
        #expect(try channel.revoke(Revocation(channelID: Self.id, signer: channel.signer, nonce: 1)))
    }
}
