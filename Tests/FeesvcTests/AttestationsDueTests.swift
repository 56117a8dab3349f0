import Channels
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Which sealed epochs an operator has still to sign.
struct AttestationsDueTests {
    private func beginning(_ epoch: UInt64) -> UInt64 {
        ServiceFixture.start + (epoch - 1) * ServiceFixture.epochLength
    }

    private func due(_ number: Int, _ fixture: ServiceFixture) async throws -> [UInt64] {
        try await fixture.service.attestationsDue(from: ServiceFixture.operatorKey(number).address).due
    }

    private func attest(_ number: Int, _ result: EpochResult, _ fixture: ServiceFixture) async throws {
        let key = ServiceFixture.operatorKey(number)
        _ = try await fixture.service.attest(
            epoch: result.epoch, operatorAddress: key.address,
            signature: key.sign(fixture.service.domain.digest(of: result.attestation)))
    }

    @Test func `an epoch is due until it is signed, and with a quorum until the next edge`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            try await fixture.advance(to: beginning(2))
            #expect(try await due(1, fixture).isEmpty)
            let first = try await fixture.service.seal(1)
            for number in 1...4 { #expect(try await due(number, fixture) == [1]) }
            #expect(try await due(5, fixture).isEmpty)
            for number in 1...3 { try await attest(number, first, fixture) }
            #expect(try await due(1, fixture).isEmpty)
            // The quorum is there, and the fourth signature still counts for its operator's quality.
            #expect(try await due(4, fixture) == [1])
            try await fixture.advance(to: beginning(3))
            _ = try await fixture.service.seal(2)
            #expect(try await due(4, fixture) == [2])
            #expect(try await fixture.service.attestationsDue(from: .zero).open == 3)
        }
    }

    @Test func `an epoch without a quorum stays due, after two epochs from the open snapshot as well`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            try await fixture.advance(to: beginning(2))
            let first = try await fixture.service.seal(1)
            try await attest(1, first, fixture)
            try await attest(2, first, fixture)
            try await fixture.advance(to: beginning(3))
            try await fixture.registerNodes(5)
            _ = try await fixture.service.seal(2)
            #expect(try await due(3, fixture) == [1, 2])
            #expect(try await due(5, fixture).isEmpty)
            try await fixture.advance(to: beginning(4))
            #expect(try await due(5, fixture) == [1])
        }
    }
}
