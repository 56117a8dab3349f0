import Channels
import Payer
import Primitives
import Testing

@Suite struct ResynchronizationTests {
    /// A payer who paid three messages on lane 0, with the wallet's state after the first.
    private func restored() async throws -> (payer: ModelPayer, backup: ChannelRecord) {
        let payer = ModelPayer()
        let channel = try payer.open()
        _ = try await payer.pay(["a"], with: channel)
        let backup = try payer.storage.record
        _ = try await payer.pay(["b", "c"], with: channel)
        return (payer, backup)
    }

    private func refusal(_ payer: ModelPayer) async throws -> LaneClaimRefusal? {
        do {
            try await payer.open().synchronize(now: ModelService.now)
            return nil
        } catch WalletChannelError.claim(let refusal, _) {
            return refusal
        }
    }

    @Test func `a wallet restored from a backup goes on above all that it may have signed`() async throws {
        let (payer, backup) = try await restored()
        let old = ModelPayer(service: payer.service)
        old.storage.with { $0.json = backup.json }
        let channel = try old.open()
        #expect(try await old.pay(["d"], with: channel).map(\.isPaid) == [true])
        let sequence = try #require(payer.service.with { $0.sent.last }).voucher.sequence
        #expect(sequence == 3 + LaneSigner.skippedAfterLoss + 1)
        #expect(try old.storage.record.signer(on: 0).charged == 40)
    }

    @Test func `a lost state file is made again from the service's answer`() async throws {
        let (payer, _) = try await restored()
        let again = ModelPayer(firstSequence: LaneSigner.skippedAfterLoss, service: payer.service)
        let channel = try again.open()
        try await channel.synchronize(now: ModelService.now)
        let signer = try again.storage.record.signer(on: 0)
        #expect(signer.charged == 30)
        #expect(signer.ceiling == payer.service.with { $0.lanes[0]?.ceiling })
        #expect(signer.sequence == 3 + LaneSigner.skippedAfterLoss)
        // On a lane of which the service says nothing it does not trust that nothing was signed.
        _ = try await again.pay(["x"], with: channel, lane: 1)
        let sequence = try #require(payer.service.with { $0.sent.last }).voucher.sequence
        #expect(sequence == LaneSigner.skippedAfterLoss + 1)
    }

    @Test func `a voucher that our signer did not sign is not believed`() async throws {
        let (payer, backup) = try await restored()
        payer.storage.with { $0.json = backup.json }
        payer.service.with { state in
            guard let newest = state.lanes[0]?.newest else { return }
            let forger = SecretKey(seed: 666, label: "forger")
            state.lanes[0]?.newest = VoucherProof(
                voucher: newest.voucher, signature: forger.sign(payer.service.genesis.domain.digest(of: newest.voucher))
            )
        }
        #expect(try await refusal(payer) == .forged(lane: 0))
        #expect(try payer.storage.record == backup)
        #expect(payer.storage.with { $0.evidence.count } == 1)
    }

    @Test func `a signer that the payer authorised is believed`() async throws {
        let (payer, backup) = try await restored()
        var record = backup
        let delegate = SecretKey(seed: 5, label: "delegate")
        record.authorised = [delegate.address]
        payer.storage.with { $0.json = record.json }
        payer.service.with { state in
            guard let newest = state.lanes[0]?.newest else { return }
            state.lanes[0]?.newest = VoucherProof(
                voucher: newest.voucher,
                signature: delegate.sign(payer.service.genesis.domain.digest(of: newest.voucher)))
        }
        #expect(try await refusal(payer) == nil)
        #expect(try payer.storage.record.signer(on: 0).charged == 30)
    }

    @Test func `less than what the service took is refused, at each number`() async throws {
        let (payer, _) = try await restored()
        let lanes = payer.service.with { $0.lanes }
        let first = try #require(payer.service.with { $0.sent.first })
        // The lane as it was after the first voucher: sequence, ceiling and charge are all less.
        payer.service.with {
            $0.lanes[0] = ModelService.Lane(
                sequence: 1, ceiling: first.voucher.cumulativeAmount, charged: 10, newest: VoucherProof(first))
        }
        let before = try payer.storage.record
        #expect(
            try await refusal(payer)
                == .behind(lane: 0, sequence: 1, acceptedSequence: 3, charged: 10, acceptedCharged: 30))
        payer.service.with { $0.lanes = [:] }
        #expect(
            try await refusal(payer)
                == .behind(lane: 0, sequence: 0, acceptedSequence: 3, charged: .zero, acceptedCharged: 30))
        for (charged, expected) in [
            (29, .behind(lane: 0, sequence: 3, acceptedSequence: 3, charged: 29, acceptedCharged: 30)),
            (30, nil),
            (31, .chargedMore(lane: 0, charged: 31, receipts: 30)),
        ] as [(UInt128, LaneClaimRefusal?)] {
            payer.service.with { state in
                state.lanes = lanes
                state.lanes[0]?.charged = Amount(charged)
            }
            #expect(try await refusal(payer) == expected)
        }
        #expect(try payer.storage.record.lanes == before.lanes)
        #expect(payer.storage.with { $0.evidence.count } == 4)
    }

    @Test func `numbers without a voucher, and others than the voucher's, are refused`() async throws {
        let (payer, _) = try await restored()
        let lanes = payer.service.with { $0.lanes }
        for (change, expected) in [
            ({ @Sendable lane in lane.newest = nil }, .unproven(lane: 0)),
            ({ @Sendable lane in lane.sequence += 1 }, .contradictory(lane: 0)),
            ({ @Sendable lane in lane.ceiling = 1_000 }, .contradictory(lane: 0)),
            ({ @Sendable lane in lane.charged = 41 }, .aboveCeiling(lane: 0, charged: 41, ceiling: 40)),
        ] as [(@Sendable (inout ModelService.Lane) -> Void, LaneClaimRefusal)] {
            payer.service.with { state in
                state.lanes = lanes
                change(&state.lanes[0, default: ModelService.Lane()])
            }
            #expect(try await refusal(payer) == expected)
        }
        // The ceiling of three messages of 15, the first two of which came to 10.
        #expect(lanes[0]?.ceiling == 40)
    }

    @Test func `a lane of another signer is left alone, and nothing is signed on it`() async throws {
        let (payer, _) = try await restored()
        let delegate = ModelPayer(key: SecretKey(seed: 5, label: "delegate"), service: payer.service)
        let channel = try delegate.open()
        #expect(try await channel.synchronize(now: ModelService.now) == [.forged(lane: 0)])
        _ = try await delegate.pay(["x"], with: channel, lane: 1)
        let sent = payer.service.with { $0.sent.count }
        await #expect(throws: WalletChannelError.self) { try await delegate.pay(["y"], with: channel, lane: 0) }
        #expect(payer.service.with { $0.sent.count } == sent)
        #expect(try delegate.storage.record.lanes[0] == nil)
        // The payer's wallet knows no such signer, and goes on where it is sure.
        #expect(try await payer.open().synchronize(now: ModelService.now) == [.forged(lane: 1)])
        #expect(try await payer.pay(["z"], with: try payer.open()).map(\.isPaid) == [true])
    }

    @Test func `what the payer did not authorise is not signed`() async throws {
        let payer = ModelPayer()
        payer.service.with {
            $0.signers = [
                .init(
                    signer: payer.key.address, authority: SignerAuthority(lane: 3, ceiling: 30, expires: .max))
            ]
        }
        let channel = try payer.open()
        await #expect(throws: WalletChannelError.self) { try await payer.pay(["a"], with: channel, lane: 2) }
        await #expect(throws: WalletChannelError.self) { try await payer.pay(["a", "b", "c"], with: channel, lane: 3) }
        #expect(try payer.storage.record.lanes.isEmpty)
        #expect(try await payer.pay(["a", "b"], with: channel, lane: 3).count == 2)
    }

    @Test func `another channel's voucher is not believed`() async throws {
        let (payer, backup) = try await restored()
        payer.storage.with { $0.json = backup.json }
        payer.service.with { state in
            guard let newest = state.lanes[0]?.newest?.voucher else { return }
            let voucher = Voucher(
                channelID: SHA256.hash([8]), lane: 0, sequence: newest.sequence,
                cumulativeAmount: newest.cumulativeAmount, validUntil: newest.validUntil, itemsHash: newest.itemsHash)
            state.lanes[0]?.newest = VoucherProof(
                voucher: voucher, signature: payer.key.sign(payer.service.genesis.domain.digest(of: voucher)))
        }
        #expect(try await refusal(payer) == .contradictory(lane: 0))
    }

    @Test func `a log that did not grow out of the one seen before is refused`() async throws {
        let (payer, _) = try await restored()
        try await payer.open().synchronize(now: ModelService.now)
        let known = try payer.storage.record
        // The same lanes over another log of more leaves.
        let other = ModelPayer()
        _ = try await other.pay(["x", "y", "z", "u", "v"], with: try other.open())
        payer.service.with { state in
            let forged = other.service.with { ($0.tree, $0.tiles) }
            (state.tree, state.tiles) = forged
        }
        await #expect(throws: WalletChannelError.self) {
            try await payer.open().synchronize(now: ModelService.now)
        }
        #expect(try payer.storage.record == known)
        let evidence = payer.storage.with { $0.evidence }
        #expect(evidence.count == 1 && evidence[0].heads.count == 2)
    }
}
