import Channels
import Primitives
import Storage
import Testing

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

    /// The service after a restart with another first schedule than its log's: what a bug in pricing would do.
    func withSchedule(base: Amount, storagePerByteDay: Amount) async throws -> ServiceFixture {
        let row = try #require(try await pool.query("SELECT body FROM schedules WHERE version = 1").first)
        let logged = try FeeSchedule(canonicalBytes: try row.bytes("body"))
        let changed = FeeSchedule(
            version: 1, effectiveFrom: logged.effectiveFrom, base: base, storagePerByteDay: storagePerByteDay,
            congestionUnit: logged.congestionUnit, targetPerMinute: logged.targetPerMinute, postage: logged.postage,
            postageWindow: logged.postageWindow, retentionDaysMin: logged.retentionDaysMin,
            retentionDaysMax: logged.retentionDaysMax, bytesMax: logged.bytesMax)
        try await pool.execute("ALTER TABLE schedules DISABLE TRIGGER schedules_fixed")
        _ = try await pool.execute("UPDATE schedules SET body = \(changed.canonicalBytes) WHERE version = 1")
        try await pool.execute("ALTER TABLE schedules ENABLE TRIGGER schedules_fixed")
        return try await reopened()
    }
}
