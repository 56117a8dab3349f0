import Channels
import Primitives
import Storage
import Testing

@testable import feesvc

/// Strangers that flood. docs/attacks.md 20, 32.
struct FloodTests {
    private let key = SecretKey(seed: 1, label: "payer")

    private func open(_ fixture: ServiceFixture, _ number: UInt8) async throws -> Bytes32 {
        let opening = OpenChannel(payer: key.address, signer: key.address, opening: SHA256.hash([number]))
        let id = opening.channelID(in: fixture.service.domain)
        return try await fixture.service.open(opening, signature: key.sign(id))
    }

    @Test func `openings that hold nothing are 65,536 at most, the oldest make room, and channels stay`() async throws {
        try await ServiceFixture.run { fixture in
            let channel = try await fixture.channel(key, deposit: 10_000)
            let first = try await open(fixture, 1)
            let now = fixture.service.clock.now
            try await fixture.pool.execute(
                """
                INSERT INTO openings (channel_id, payer, signer, opening, opened_at) \
                SELECT sha256(n::text::bytea), substring(sha256(n::text::bytea) FOR 20), \
                substring(sha256(n::text::bytea) FOR 20), sha256(n::text::bytea), \(now) \
                FROM generate_series(1, 65535) AS n
                """)
            #expect(try await fixture.count("openings") == 65_536)
            let last = try await open(fixture, 2)
            #expect(try await fixture.count("openings") == 65_536)
            for (id, isKept) in [(first, false), (last, true)] {
                let known = try await fixture.service.read { try await ChannelStore($0).opening(id) }
                #expect((known != nil) == isKept)
            }
            #expect(try await fixture.available(channel) == 10_000)
        }
    }

    @Test func `an opening that holds nothing is forgotten after seven days, and may be made again`() async throws {
        try await ServiceFixture.run { fixture in
            let old = try await open(fixture, 1)
            try await fixture.advance(to: ServiceFixture.start + 7 * UTCDay.seconds)
            _ = try await open(fixture, 2)
            #expect(try await fixture.count("openings") == 2)
            try await fixture.advance(to: ServiceFixture.start + 7 * UTCDay.seconds + 1)
            _ = try await open(fixture, 3)
            #expect(try await fixture.count("openings") == 2)
            let deposit = { try await fixture.deposit(5_000, to: old, reference: SHA256.hash([9])) }
            #expect(await fixture.code(deposit) == "settlement/unknown-channel")
            #expect(try await open(fixture, 1) == old)
            #expect(await fixture.code(deposit) == nil)
            #expect(try await fixture.available(old) == 5_000)
        }
    }
}
