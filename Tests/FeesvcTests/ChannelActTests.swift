import Channels
import Ledger
import Primitives
import Storage
import Testing

@testable import feesvc

/// A channel's life in a service with a real database.
@Suite struct ChannelActTests {
    private static let window: UInt64 = 86_400
    private static let key = SecretKey(seed: 11, label: "payer")
    private static let gateway = SecretKey(seed: 11, label: "gateway")

    // MARK: Openings

    @Test func `an opening without money is no channel, and its first deposit makes it one`() async throws {
        try await ServiceFixture.run { fixture in
            let opening = OpenChannel(payer: Self.key.address, signer: Self.key.address, opening: .zero)
            let id = opening.channelID(in: fixture.service.domain)
            for _ in 1...2 { _ = try await fixture.service.open(opening, signature: Self.key.sign(id)) }
            #expect(try await fixture.stored(id) == nil)
            #expect(try await fixture.count("openings") == 1)
            try await fixture.deposit(999, to: id, reference: SHA256.hash([1]))
            #expect(try await fixture.stored(id)?.state.stage == .opening)
            #expect(try await fixture.count("openings") == 0)
            try await fixture.deposit(1, to: id, reference: SHA256.hash([2]))
            #expect(try await fixture.stored(id)?.state.stage == .open)
            // Posted again it stays the channel that it is.
            _ = try await fixture.service.open(opening, signature: Self.key.sign(id))
            #expect(try await fixture.count("openings") == 0)
        }
    }

    @Test func `money for what nobody opened is refused and may come again`() async throws {
        try await ServiceFixture.run { fixture in
            let opening = OpenChannel(payer: Self.key.address, signer: Self.key.address, opening: .zero)
            let id = opening.channelID(in: fixture.service.domain)
            let deposit = { try await fixture.deposit(5_000, to: id, reference: SHA256.hash([1])) }
            #expect(await fixture.code(deposit) == "settlement/unknown-channel")
            _ = try await fixture.service.open(opening, signature: Self.key.sign(id))
            #expect(await fixture.code(deposit) == nil)
            #expect(try await fixture.available(id) == 5_000)
        }
    }

    // MARK: Signers

    @Test func `a delegate pays, and a revoked one does not`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000_000_000)
            let envelope = fixture.envelope("a", topic: Topic(owner: Self.key.address, salt: .zero))
            let voucher = fixture.voucher(
                [fixture.item(envelope)], channel: channel, key: Self.gateway, sequence: 1, ceiling: 40_000_000)
            #expect(try await fixture.decide([voucher]) == [.failure(.unknownChannelOrSigner)])
            let delegation = Delegation(
                channelID: channel, signer: Self.gateway.address, lane: 0, ceiling: 40_000_000,
                expires: fixture.service.clock.now + 10 * UTCDay.seconds, nonce: 1)
            for _ in 1...2 {
                let state = try await fixture.delegate(delegation, by: Self.key)
                #expect(state.signers.map(\.signer).count == 2)
            }
            let indexes = try await fixture.decide([voucher])[0].get()
            #expect(indexes.count == 1)
            let revocation = Revocation(channelID: channel, signer: Self.gateway.address, nonce: 2)
            _ = try await fixture.revoke(revocation, by: Self.key)
            #expect(try await fixture.decide([voucher]) == [.failure(.unknownChannelOrSigner)])
            // Restarted, the service knows it as well, and the payer's own voucher is still good.
            let again = try await fixture.reopened()
            #expect(try await again.decide([voucher]) == [.failure(.unknownChannelOrSigner)])
            let own = again.voucher(
                [again.item(envelope)], channel: channel, key: Self.key, sequence: 1, ceiling: 40_000_000)
            #expect(try await again.decide([own]) == [.success(indexes)])
            await again.pool.close()
        }
    }

    @Test func `only the payer changes signers, and every change is logged and kept`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000)
            let before = fixture.service.heads.head.head.size
            let delegation = Delegation(
                channelID: channel, signer: Self.gateway.address, lane: .max, ceiling: .max, expires: .max, nonce: 1)
            #expect(
                await fixture.code { _ = try await fixture.delegate(delegation, by: Self.gateway) }
                    == "channel/unknown")
            _ = try await fixture.delegate(delegation, by: Self.key)
            #expect(fixture.service.heads.head.head.size == before + 1)
            #expect(try await fixture.count("channel_statements") == 1)
        }
    }

    @Test func `who ever signed for a channel can't welcome its messages`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000_000_000)
            let topic = Topic(owner: Self.gateway.address, salt: .zero)
            let envelope = fixture.envelope("spam", topic: topic)
            _ = try await fixture.pay(
                fixture.voucher(
                    [fixture.item(envelope, postage: 1_000_000_000)], channel: channel, key: Self.key, sequence: 1,
                    ceiling: 2_000_000_000))
            let delegation = Delegation(
                channelID: channel, signer: Self.gateway.address, lane: .max, ceiling: .max, expires: .max, nonce: 1)
            _ = try await fixture.delegate(delegation, by: Self.key)
            let revocation = Revocation(channelID: channel, signer: Self.gateway.address, nonce: 2)
            _ = try await fixture.revoke(revocation, by: Self.key)
            let statement = WelcomeStatement(topic: topic.id, envelopeHash: envelope.hash)
            let welcome = Welcome(
                head: envelope.head, topic: topic,
                signature: Self.gateway.sign(fixture.service.domain.digest(of: statement)))
            #expect(
                await fixture.code { _ = try await fixture.service.welcome(welcome, charge: 1) }
                    == "welcome/own-message")
        }
    }

    // MARK: Withdrawals

    @Test func `a withdrawal becomes payable once, whoever repeats it`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000)
            let withdrawal = Withdrawal(
                channelID: channel, cumulative: 4_000, validUntil: fixture.service.clock.now)
            #expect(try await fixture.withdraw(withdrawal, by: Self.key) == 4_000)
            #expect(try await fixture.withdraw(withdrawal, by: Self.key) == .zero)
            #expect(try await fixture.balance(.payable(Self.key.address)) == 4_000)
            #expect(try await fixture.balance(.channels) == 6_000)
            #expect(try await fixture.available(channel) == 6_000)
            let (custody, liabilities) = try await fixture.conservation()
            #expect(custody == 10_000)
            #expect(liabilities == 10_000)
        }
    }

    @Test func `what a ceiling claims can't be withdrawn beneath it`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 100_000_000)
            let envelope = fixture.envelope("a", topic: Topic(owner: Self.key.address, salt: .zero))
            _ = try await fixture.pay(
                fixture.voucher(
                    [fixture.item(envelope)], channel: channel, key: Self.key, sequence: 1, ceiling: 60_000_000))
            let now = fixture.service.clock.now
            let tooMuch = Withdrawal(channelID: channel, cumulative: 40_000_001, validUntil: now)
            #expect(
                await fixture.code { _ = try await fixture.withdraw(tooMuch, by: Self.key) } == "channel/reserved")
            let all = Withdrawal(channelID: channel, cumulative: 40_000_000, validUntil: now)
            #expect(try await fixture.withdraw(all, by: Self.key) == 40_000_000)
        }
    }

    // MARK: Closing

    @Test func `a requested close stops vouchers at once and ends at its time, also over a restart`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000_000_000)
            let topic = Topic(owner: Self.key.address, salt: .zero)
            let item = fixture.item(fixture.envelope("a", topic: topic))
            let paid = fixture.voucher([item], channel: channel, key: Self.key, sequence: 1, ceiling: 40_000_000)
            let receipt = try await fixture.decide([paid])
            let now = fixture.service.clock.now
            let request = RequestClose(channelID: channel, validUntil: now)
            let closesAt = try await fixture.close(request, by: Self.key)
            #expect(closesAt == now + Self.window)
            let next = fixture.voucher(
                [fixture.item(fixture.envelope("b", topic: topic))], channel: channel, key: Self.key, sequence: 2,
                ceiling: 80_000_000)
            #expect(try await fixture.decide([next]) == [.failure(.closing)])
            #expect(try await fixture.decide([paid]) == receipt)
            try await fixture.deposit(500, to: channel, reference: SHA256.hash([9]))
            #expect(try await fixture.stored(channel)?.state.stage == .closing)

            try await fixture.advance(to: closesAt - 1)
            #expect(try await fixture.stored(channel)?.state.stage == .closing)
            // Due while the service was down: done at the next start.
            let again = try await fixture.reopened()
            try await again.advance(to: closesAt + 5_000)
            let state = try #require(try await again.stored(channel)?.state)
            #expect(state.stage == .closed)
            #expect(state.withdrawn == 9_960_148_820)
            #expect(try await again.balance(.payable(Self.key.address)) == 9_960_148_820)
            #expect(try await again.decide([next]) == [.failure(.closed)])
            // Money that comes later is the payer's.
            try await again.deposit(7, to: channel, reference: SHA256.hash([10]))
            #expect(try await again.balance(.payable(Self.key.address)) == 9_960_148_827)
            #expect(try await again.stored(channel)?.state == state)
            await again.pool.close()
        }
    }

    @Test func `the admin begins a close, and the log says neither whose nor which`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000)
            let opening = CommitmentOpening(channelID: channel, salt: SHA256.hash([7]))
            let admin = try KeyFile.readPlain(fixture.directory + "/keys/admin.key")
            let commitment = opening.commitment
            func order(_ nonce: UInt64, _ opening: CommitmentOpening?) async throws {
                let act = AdminAct(.close(commitment: commitment), nonce: nonce)
                let signature = admin.sign(fixture.service.domain.digest(of: act.statement))
                try await fixture.service.execute(act, signature, opening: opening)
            }
            #expect(await fixture.code { try await order(1, nil) } == "act/opening")
            let other = CommitmentOpening(channelID: channel, salt: .zero)
            #expect(await fixture.code { try await order(1, other) } == "act/opening")
            try await order(1, opening)
            let state = try #require(try await fixture.stored(channel)?.state)
            #expect(state.stage == .closing)
            #expect(state.closesAt == fixture.service.clock.now + Self.window)
            #expect(await fixture.code { try await order(2, opening) } == "channel/closing")
            let leaves = try await fixture.service.read { try await LogStore($0).leaves(0..<64) }
            #expect(leaves.map(\.kind).suffix(2) == [.act, .closing])
            #expect(!leaves.contains { Hex.encode($0.body).contains(Hex.encode(channel.bytes)) })
            try await fixture.advance(to: fixture.service.clock.now + Self.window)
            #expect(try await fixture.balance(.payable(Self.key.address)) == 10_000)
        }
    }

    @Test func `a stranger closes nobody's channel`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000)
            let request = RequestClose(channelID: channel, validUntil: .max)
            #expect(
                await fixture.code { _ = try await fixture.close(request, by: Self.gateway) } == "channel/unknown")
            #expect(try await fixture.stored(channel)?.state.stage == .open)
        }
    }

    @Test func `the database itself refuses a channel that goes back`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000)
            let number = try #require(try await fixture.stored(channel)?.number)
            for change in ["stage = 'opening'", "deposited = deposited - 1", "opened_at = opened_at + 1"] {
                await #expect(throws: PostgresError.self, "\(change)") {
                    try await fixture.pool.execute(
                        "UPDATE channels SET \(unescaped: change), nonce = nonce + 0 WHERE number = \(number)")
                }
            }
        }
    }

    @Test func `a restarted service knows its open channels, and no others`() async throws {
        try await ServiceFixture.run { fixture in
            let open = try await fixture.channel(Self.key, deposit: 10_000)
            let closed = try await fixture.channel(Self.gateway, deposit: 10_000)
            _ = try await fixture.close(RequestClose(channelID: closed, validUntil: .max), by: Self.gateway)
            let again = try await fixture.reopened()
            #expect(again.service.channels.channels([open, closed]).isEmpty)
            try await again.service.recallChannels()
            let known = again.service.channels.channels([open, closed])
            #expect(Set(known.keys) == [open])
            #expect(try await again.stored(open) == known[open])
            await again.pool.close()
        }
    }

    // MARK: Statements

    @Test func `a lane's charges are listed from the newest back, page by page`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000_000_000)
            let topic = Topic(owner: Self.key.address, salt: .zero)
            var indexes: [UInt64] = []
            for sequence in UInt64(1)...3 {
                let items = (0..<2).map { fixture.item(fixture.envelope("\(sequence)/\($0)", topic: topic)) }
                let voucher = fixture.voucher(
                    items, channel: channel, key: Self.key, sequence: sequence,
                    ceiling: Amount(UInt128(80_000_000 * sequence)))
                indexes += try await fixture.decide([voucher])[0].get()
            }
            let stored = try #require(try await fixture.stored(channel))
            let newest = try #require(stored.state.lanes[0]?.lastCharge)
            let (first, before) = try await fixture.chain(stored, from: newest, limit: 4)
            #expect(first == Array(indexes.reversed().prefix(4)))
            let (rest, end) = try await fixture.chain(stored, from: before, limit: 4)
            #expect(rest == Array(indexes.reversed().suffix(2)))
            #expect(end == 0)
            let none = try await fixture.service.read {
                try await ChargeStore($0).chain(channel: stored.number + 1, lane: 0, from: newest, limit: 4)
            }
            #expect(none.logIndexes.isEmpty)
        }
    }

    // MARK: Fencing

    @Test func `who took the database over shuts out who had it before`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(Self.key, deposit: 10_000)
            let successor = try await ServiceFixture.open(fixture.configuration, directory: fixture.directory)
            // Nothing was written in between, so only the token tells.
            await #expect(throws: Fenced(held: 1, found: 2)) {
                try await fixture.deposit(1, to: channel, reference: SHA256.hash([3]))
            }
            try await successor.deposit(1, to: channel, reference: SHA256.hash([3]))
            #expect(try await successor.available(channel) == 10_001)
            await successor.pool.close()
        }
    }
}
