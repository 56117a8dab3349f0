import Channels
import Primitives

@testable import feesvc

extension ServiceFixture {
    /// Charges, midnights, a cut, two edges and a distribution.
    static func runWithBooks(_ body: (ServiceFixture) async throws -> Void) async throws {
        let key = SecretKey(seed: 1, label: "payer")
        let topic = Topic(owner: SecretKey(seed: 1, label: "owner").address, salt: SHA256.hash([1]))
        try await run { fixture in
            try await fixture.registerNodes(2)
            let channel = try await fixture.channel(key, deposit: 10_000_000_000)
            for number in 1...4 {
                let item = fixture.item(fixture.envelope("\(number)", topic: topic), postage: 1_000_000_000)
                _ = try await fixture.pay(
                    fixture.voucher(
                        [item], channel: channel, key: key, sequence: UInt64(number),
                        ceiling: Amount(UInt128(number) * 2_000_000_000)))
                if number == 3 {
                    try await fixture.advance(to: start + epochLength + 90_000)
                    try await fixture.observeAll(2, epoch: 1)
                    _ = try await fixture.service.seal(1)
                }
            }
            try await fixture.advance(to: start + 2 * epochLength)
            try await body(fixture)
        }
    }
}
