import Channels
import Primitives
import Storage
import Testing

@testable import feesvc

@Suite struct AdminActTests {
    private static let edge = ServiceFixture.start + ServiceFixture.epochLength

    private func acts(_ fixture: ServiceFixture) async throws -> [AdminAct] {
        try await fixture.service.read { try await LogStore($0).leaves(of: .act, before: .max >> 1) }
            .map { try AdminAct(canonicalBytes: LogBody.readSigned($0.body).0) }
    }

    @Test func `an act is logged with what it does, or not at all`() async throws {
        try await ServiceFixture.run { fixture in
            let size = fixture.service.heads.head.head.size
            await #expect { try await fixture.order(.seal(epoch: 1), nonce: 5) } throws: {
                ($0 as? Refusal)?.code == "epoch/open"
            }
            #expect(fixture.service.heads.head.head.size == size)
            try await fixture.order(.clock(Self.edge), nonce: 5)
            #expect(fixture.service.clock.now == Self.edge)
            try await fixture.order(.seal(epoch: 1), nonce: 6)
            #expect(try await acts(fixture) == [AdminAct(.seal(epoch: 1), nonce: 6)])
            let kinds = try await fixture.service.read { try await LogStore($0).leaves(0..<100) }.map(\.kind)
            #expect(kinds.suffix(2) == [.act, .result])
        }
    }

    @Test func `a nonce counts once, also after a restart, and only the admin key's`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.order(.collect(epoch: 1), nonce: 7)
            let again = try await fixture.reopened()
            for nonce: UInt64 in [6, 7] {
                await #expect { try await again.order(.collect(epoch: 1), nonce: nonce) } throws: {
                    ($0 as? Refusal)?.code == "act/nonce"
                }
            }
            let act = AdminAct(.collect(epoch: 1), nonce: 8)
            let stranger = again.settlement.sign(again.service.domain.digest(of: act.statement))
            await #expect { try await again.service.execute(act, stranger) } throws: {
                ($0 as? Refusal)?.code == "act/signature"
            }
            try await again.order(.collect(epoch: 1), nonce: 8)
            #expect(try await acts(again).map(\.nonce) == [7, 8])
            await again.pool.close()
        }
    }
}
