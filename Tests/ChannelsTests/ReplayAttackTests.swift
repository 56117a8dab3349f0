import Channels
import Primitives
import Testing

/// A signature or an id from somewhere else. docs/attacks.md 1, 9, 10, 22.
@Suite struct ReplayAttackTests {
    private static let domain = EIP712Domain(
        chainID: Bytes32(integer: 31_337), verifyingContract: SecretKey(seed: 1, label: "instance").address)
    private let channel = TestChannel()

    private func signs(_ statement: some TypedStatement, over other: some TypedStatement) -> Bool {
        channel.key.sign(Self.domain.digest(of: statement)).isBy(
            channel.key.address, over: Self.domain.digest(of: other))
    }

    /// The voucher with other members in the place of those given.
    private func changed(
        _ voucher: Voucher, channelID: Bytes32? = nil, lane: UInt32? = nil, sequence: UInt64? = nil,
        ceiling: Amount? = nil, validUntil: UInt64? = nil, itemsHash: Bytes32? = nil
    ) -> Voucher {
        Voucher(
            channelID: channelID ?? voucher.channelID, lane: lane ?? voucher.lane,
            sequence: sequence ?? voucher.sequence, cumulativeAmount: ceiling ?? voucher.cumulativeAmount,
            validUntil: validUntil ?? voucher.validUntil, itemsHash: itemsHash ?? voucher.itemsHash)
    }

    @Test func `each member of a voucher is under its signature`() {
        let voucher = channel.voucher([TestChannel.item(1)], ceiling: 7, sequence: 3).voucher
        #expect(signs(voucher, over: voucher))
        for other in [
            changed(voucher, channelID: SHA256.hash([2])), changed(voucher, lane: 1), changed(voucher, sequence: 4),
            changed(voucher, ceiling: 8), changed(voucher, validUntil: voucher.validUntil + 1),
            changed(voucher, itemsHash: SHA256.hash([3])),
        ] {
            #expect(!signs(voucher, over: other))
        }
    }

    @Test func `each of the 32 bytes of a channel's id is under the signature`() throws {
        let voucher = channel.voucher([TestChannel.item(1)]).voucher
        for place in 0..<32 {
            var bytes = voucher.channelID.bytes
            bytes[place] ^= 1
            let id: Bytes32 = try #require(Bytes32(bytes))
            let other = changed(voucher, channelID: id)
            #expect(other.channelID != voucher.channelID)
            #expect(!signs(voucher, over: other), "byte \(place)")
        }
    }

    @Test func `another chain, instance, payer, signer or opening is another channel`() throws {
        let other = SecretKey(seed: 1, label: "other").address
        let opening = OpenChannel(payer: channel.state.payer, signer: channel.key.address, opening: SHA256.hash([1]))
        let ids = [
            opening.channelID(in: Self.domain),
            opening.channelID(
                in: EIP712Domain(
                    chainID: Bytes32(integer: 31_338), verifyingContract: Self.domain.verifyingContract)),
            opening.channelID(in: EIP712Domain(chainID: Self.domain.chainID, verifyingContract: other)),
            OpenChannel(payer: other, signer: opening.signer, opening: opening.opening).channelID(in: Self.domain),
            OpenChannel(payer: opening.payer, signer: other, opening: opening.opening).channelID(in: Self.domain),
            OpenChannel(payer: opening.payer, signer: opening.signer, opening: SHA256.hash([2]))
                .channelID(in: Self.domain),
            // Payer and signer are not interchangeable.
            OpenChannel(payer: opening.signer, signer: opening.payer, opening: opening.opening)
                .channelID(in: Self.domain),
        ]
        #expect(Set(ids).count == ids.count)
    }

    @Test func `what was signed for one purpose is good for no other`() {
        let id = channel.state.id
        let account = channel.state.payer
        // Equal members under different names: only the type tells them apart.
        let closing = CloseChannel(channelID: id, charged: 5, validUntil: 9)
        #expect(!signs(ChannelQuery(channelID: id, time: 5), over: closing))
        let deposit = Deposit(channelID: Bytes32(account), amount: 5, reference: id)
        let stake = StakeDeposit(operatorAddress: account, amount: 5, reference: id)
        let payout = Payout(account: account, amount: 5, reference: id)
        #expect(deposit.words == stake.words && stake.words == payout.words)
        #expect(!signs(deposit, over: stake) && !signs(deposit, over: payout) && !signs(stake, over: payout))
        let types = [
            Voucher.typeHash, OpenChannel.typeHash, CloseChannel.typeHash, ChannelQuery.typeHash, Deposit.typeHash,
            StakeDeposit.typeHash, Payout.typeHash, RegisterNode.typeHash, WelcomeStatement.typeHash,
            LogHeadStatement.typeHash, AcknowledgementStatement.typeHash, DeliveredStatement.typeHash,
            AdminActStatement.typeHash,
        ]
        #expect(Set(types).count == types.count)
    }
}
