import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Results that their own operators did not attest in time.
struct LateAttestationTests {
    private func beginning(_ epoch: UInt64) -> UInt64 {
        ServiceFixture.start + (epoch - 1) * ServiceFixture.epochLength
    }

    private func attest(_ number: Int, _ result: EpochResult, _ fixture: ServiceFixture) async throws -> Bool {
        let key = ServiceFixture.operatorKey(number)
        return try await fixture.service.attest(
            epoch: result.epoch, operatorAddress: key.address,
            signature: key.sign(fixture.service.domain.digest(of: result.attestation)))
    }

    @Test func `after two epochs the operators of the open epoch attest what its own did not`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            try await fixture.advance(to: beginning(2))
            let first = try await fixture.service.seal(1)
            #expect(try await !attest(1, first, fixture))
            try await fixture.advance(to: beginning(3))
            try await fixture.registerNodes(12)
            _ = try await fixture.service.seal(2)
            // Late, and by one of its own: it counts. A newcomer's does not yet.
            #expect(try await !attest(2, first, fixture))
            await #expect { try await attest(5, first, fixture) } throws: {
                ($0 as? Refusal)?.code == "attestation/signature"
            }
            try await fixture.advance(to: beginning(4))
            // Operators 3 and 4 were silent in two epochs, so 7 of 10 are more than two thirds, and 6 are not.
            for number in 5...8 { #expect(try await !attest(number, first, fixture)) }
            #expect(try await attest(9, first, fixture))
            let stored = try await fixture.service.read { try await EpochStore($0).epoch(1) }
            #expect(stored?.attestedAt != nil)
            await #expect { try await attest(13, first, fixture) } throws: {
                ($0 as? Refusal)?.code == "attestation/signature"
            }

            _ = try await fixture.service.seal(3)
            try await fixture.advance(to: beginning(5))
            _ = try await fixture.service.seal(4)
            let out = fixture.directory + "/out"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var audited: [UInt64] = []
            try DirectoryChain.audit(out) { audited.append($0.epoch) }
            #expect(audited == [1, 2, 3, 4])
        }
    }

    @Test func `the own operators of a result have it to themselves for two epochs`() {
        #expect(!AttestationQuorum.isLate(1, in: 1))
        #expect(!AttestationQuorum.isLate(1, in: 3))
        #expect(AttestationQuorum.isLate(1, in: 4))
        #expect(!AttestationQuorum.isLate(.max, in: 1))
        #expect(!AttestationQuorum.isLate(.max - 1, in: .max))
    }
}
