import Channels
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// Operators of whom nothing is heard.
struct SilenceTests {
    private func beginning(_ epoch: UInt64) -> UInt64 {
        ServiceFixture.start + (epoch - 1) * ServiceFixture.epochLength
    }

    private func members(of epoch: UInt64, _ fixture: ServiceFixture) async throws -> [UInt32] {
        let clock = fixture.service.genesis.epochs
        return try await fixture.service.read { try await NodeStore($0).snapshot(of: epoch, clock).map(\.node) }
    }

    private func attest(_ number: Int, _ result: EpochResult, _ fixture: ServiceFixture) async throws -> Bool {
        let key = ServiceFixture.operatorKey(number)
        return try await fixture.service.attest(
            epoch: result.epoch, operatorAddress: key.address,
            signature: key.sign(fixture.service.domain.digest(of: result.attestation)))
    }

    /// Node 1 observes, 2 lists what it holds, 3 attests, 4 says nothing, and comes back in epoch 5.
    @Test
    func `who signs nothing in two epochs leaves the next snapshot, and is back after the epoch in which it speaks`()
        async throws
    {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            for epoch: UInt64 in 1...5 {
                try await fixture.advance(to: beginning(epoch + 1))
                let (observer, lister) = (SingleObservation(1, of: 2, epoch), SingleObservation(4, of: 1, epoch))
                try await observer.give(to: fixture)
                if epoch == 4 { try await lister.give(to: fixture) }
                try await fixture.deliver([], epoch: epoch, node: 2)
                let result = try await fixture.service.seal(epoch)
                if epoch < 5 { _ = try await attest(3, result, fixture) }
            }
            try await fixture.advance(to: beginning(7))
            // Registered at the instance's start, so in the first snapshot; silent in 1 and 2 means out of 3.
            #expect(try await members(of: 1, fixture) == [1, 2, 3, 4])
            #expect(try await members(of: 2, fixture) == [1, 2, 3, 4])
            #expect(try await members(of: 3, fixture) == [1, 2, 3])
            #expect(try await members(of: 4, fixture) == [1, 2, 3])
            #expect(try await members(of: 5, fixture) == [1, 2, 3])
            #expect(try await members(of: 6, fixture) == [1, 2, 3, 4])

            _ = try await fixture.service.seal(6)
            let out = fixture.directory + "/out"
            _ = try await ExportCommand.export(fixture.pool, epoch: nil, out: out)
            var members: [[UInt32]] = []
            try DirectoryChain.audit(out) { members.append($0.audit.result.rows.map(\.node)) }
            #expect(members == [[1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3, 4]])
        }
    }

    @Test func `a quorum is of those who are heard`() async throws {
        try await ServiceFixture.run { fixture in
            try await fixture.registerNodes(4)
            for epoch: UInt64 in 1...3 {
                try await fixture.advance(to: beginning(epoch + 1))
                let result = try await fixture.service.seal(epoch)
                // Two of four are no quorum; once the others have left, they are all of it.
                #expect(try await !attest(1, result, fixture))
                #expect(try await attest(2, result, fixture) == (epoch == 3))
            }
            await #expect {
                try await attest(3, try await fixture.service.seal(3), fixture)
            } throws: { ($0 as? Refusal)?.code == "attestation/signature" }
        }
    }
}

/// One node's word about another.
private struct SingleObservation {
    let observation: Observation

    init(_ observer: Int, of subject: UInt32, _ epoch: UInt64) {
        observation = Observation(
            epoch: epoch, observer: UInt32(observer),
            subjects: [
                Observation.Subject(
                    node: subject, probes: 4, answered: 4, challenges: 8, passed: 8, firstDelivered: 0, bytesServed: 0)
            ])
    }

    func give(to fixture: ServiceFixture) async throws {
        try await fixture.service.take(
            observation: observation.canonicalBytes,
            signature: ServiceFixture.nodeKey(Int(observation.observer)).sign(
                fixture.service.domain.digest(of: observation.statement)))
    }
}
