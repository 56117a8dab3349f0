import Channels
import Ledger
import Primitives
import Testing

@testable import feesvc

/// What becomes of congestion where the rest of a charge goes back.
struct CongestionRefundTests: RefundScene {
    @Test func `congestion stays where a message was refused or not delivered, and audits agree`() async throws {
        try await ServiceFixture.run(["--congestion-fee", "1000", "--target-per-minute", "10"]) { fixture in
            try await fixture.registerNodes(3)
            let crowd = SecretKey(seed: 1, label: "crowd")
            let channel = try await fixture.channel(crowd, deposit: 10_000_000_000)
            let items = (0..<11).map { fixture.item(fixture.envelope("\($0)", topic: topic)) }
            _ = try await fixture.pay(
                fixture.voucher(items, channel: channel, key: crowd, sequence: 1, ceiling: 2_000_000_000))
            let envelopes = [fixture.envelope("a", topic: topic), fixture.envelope("b", topic: topic)]
            // The 12th and 13th charge of a minute whose target is 10: 7 and 19 units.
            let (refused, first) = try await pay(envelopes[0], fixture)
            let (lost, second) = try await pay(envelopes[1], fixture, by: other)
            try await refuse(refused, envelopes[0], node: 1, fixture)
            try await acknowledge(lost, envelopes[1], node: 2, fixture)
            try await fixture.advance(to: edge)
            for node in 1...3 { try await fixture.deliver(Array(1...11), epoch: 1, node: node) }
            try await fixture.advance(to: cut)
            let rest = Amount(10_000_000_000 - 5 * perDay)
            #expect(try await fixture.available(first) == rest.subtracting(7_000))
            // A tenth of the stake of node 2, 100, makes good some of what was spent: ⌊100 × 19,000 ÷ 131,640⌋ of congestion
            // and ⌊100 × 112,640 ÷ 131,640⌋ of storage, 14 and 85.
            #expect(try await fixture.available(second) == rest.subtracting(19_000).adding(99))
            #expect(try await fixture.balance(.protocolIncome) == 26_000)
            try await checkBooks(fixture)

            for epoch: UInt64 in 1...2 {
                try await fixture.advance(to: edge + (epoch - 1) * ServiceFixture.epochLength)
                try await fixture.observeAll(3, epoch: epoch)
                _ = try await fixture.service.seal(epoch)
            }
            let out = fixture.directory + "/out"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var congestion: [Amount] = []
            try DirectoryChain.audit(out) { congestion.append($0.audit.replay.flows.congestion) }
            #expect(congestion == [0, 26_000])
        }
    }
}
