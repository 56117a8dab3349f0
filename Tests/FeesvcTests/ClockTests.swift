import ArgumentParser
import Channels
import Primitives
import Testing

@testable import feesvc

/// Times that others choose. docs/attacks.md 5, 30.
struct ClockTests {
    private let key = SecretKey(seed: 1, label: "payer")

    @Test(arguments: [
        ("899", false), ("900", true), ("901", true), ("2591999", true), ("2592000", true), ("2592001", false),
    ])
    func `the time to answer a close is 15 minutes to 30 days`(seconds: String, isGood: Bool) {
        #expect(((try? ServeCommand.parse(["--challenge-window", seconds])) != nil) == isGood)
    }

    @Test func `a charge belongs to the epoch that is open when it is logged, whatever its voucher says`() async throws
    {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 1_000_000_000)
            let edge = ServiceFixture.start + ServiceFixture.epochLength
            let topic = Topic(owner: key.address, salt: .zero)
            var epochs: [UInt64] = []
            for (place, time) in [edge - 1, edge, edge + 1].enumerated() {
                // Signed before the edge.
                let voucher = fixture.voucher(
                    [fixture.item(fixture.envelope("\(place)", topic: topic))], channel: channel, key: key,
                    sequence: UInt64(place + 1), ceiling: Amount(UInt128(place + 1) * 40_000_000))
                try await fixture.advance(to: time)
                epochs += try await fixture.pay(voucher).map(\.charge.epoch)
            }
            #expect(epochs == [1, 2, 2])
        }
    }
}
