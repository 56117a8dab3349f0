import Channels
import Payer
import Primitives
import Storage
import Testing

@testable import feesvc

@Suite struct PauseTests {
    private let key = SecretKey(seed: 1, label: "payer")
    private let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))

    private func voucher(
        _ fixture: ServiceFixture, _ channel: Bytes32, _ labels: [String], sequence: UInt64, ceiling: Amount
    ) -> SignedVoucher {
        fixture.voucher(
            labels.map { fixture.item(fixture.envelope($0, topic: topic)) }, channel: channel, key: key,
            sequence: sequence, ceiling: ceiling)
    }

    private func refusal(_ decision: VoucherDecision) -> VoucherRefusal? {
        if case .failure(let refusal) = decision { refusal } else { nil }
    }

    @Test func `while charging is paused nothing is charged and what was charged keeps its receipts`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 1_000_000_000)
            let paid = voucher(fixture, channel, ["a"], sequence: 1, ceiling: 50_000_000)
            let first = try await fixture.pay(paid)
            try await fixture.order(.pause(true), nonce: 1)

            let open = voucher(fixture, channel, ["b"], sequence: 2, ceiling: 100_000_000)
            let wrong = voucher(fixture, channel, ["c"], sequence: 2, ceiling: 50_000_000)
            let size = fixture.service.heads.head.head.size
            let decisions = try await fixture.decide([open, wrong])
            #expect(refusal(decisions[0]) == .paused)
            #expect(refusal(decisions[1]) == .ceilingTooLow(found: 50_000_000, needed: 79_703_360))
            #expect(fixture.service.heads.head.head.size == size)
            #expect(try await fixture.pay(paid).map(\.leaf) == first.map(\.leaf))
            #expect(try await fixture.service.feeState().isPaused)

            // Everything else goes on, and a restart changes nothing.
            try await fixture.deposit(5, to: channel, reference: SHA256.hash([7]))
            try await fixture.advance(to: ServiceFixture.start + UTCDay.seconds)
            let again = try await fixture.reopened()
            #expect(refusal(try await again.decide([open])[0]) == .paused)
            #expect(await again.service.adminState().paused)
            try await again.order(.pause(false), nonce: 2)
            #expect(try await again.decide([open])[0].get().count == 1)
            await again.pool.close()
        }
    }

    @Test func `an audit names a charge that was made while charging was paused`() async throws {
        let epoch = ServiceFixture.start + ServiceFixture.epochLength
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 1_000_000_000)
            try await fixture.order(.pause(true), nonce: 1)
            try await fixture.advance(to: epoch)
            try await fixture.order(.pause(false), nonce: 2)
            _ = try await fixture.pay(voucher(fixture, channel, ["a"], sequence: 1, ceiling: 50_000_000))
            for number: UInt64 in [1, 2] {
                try await fixture.advance(to: ServiceFixture.start + number * ServiceFixture.epochLength)
                _ = try await fixture.service.seal(number)
            }
            let out = fixture.directory + "/reports"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var paused: [Bool] = []
            try DirectoryChain.audit(out) { paused.append($0.start.isPaused) }
            #expect(paused == [false, true])

            let (opening, leaves) = try await fixture.service.read {
                let inputs = try await EpochInputs($0, epoch: 2)
                return (try await inputs.opening(), try await inputs.leaves())
            }
            var replay = try EpochReplay(opening)
            var difference: AuditDifference?
            do {
                var index = opening.size
                for leaf in leaves where leaf.kind != .act {
                    try replay.apply(LogLeaf(index: index, time: leaf.time, kind: leaf.kind, body: leaf.body))
                    index += 1
                }
            } catch let found as AuditDifference {
                difference = found
            }
            #expect(difference?.what == "charge while charging is paused")
        }
    }
}
