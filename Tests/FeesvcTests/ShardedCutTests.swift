import Channels
import Primitives
import Rewards
import Storage
import Testing

@testable import feesvc

/// A delivery cut in a network in which not everybody holds everything.
struct ShardedCutTests: RefundScene {
    @Test
    func `whoever is assigned to a message's shard decides whether it was delivered, and an audit finds the same`()
        async throws
    {
        try await ServiceFixture.run(["--shards", "16", "--replication", "1"]) { fixture in
            try await fixture.registerNodes(3)
            let registered = try await fixture.service.nodes()
            let map = ShardMap(fixture.service.genesis, members: registered, of: 1)
            let envelopes = (0..<6).map {
                fixture.envelope("\($0)", topic: Topic(owner: owner.address, salt: SHA256.hash([UInt8($0)])))
            }
            var charges: [(charge: UInt64, channel: Bytes32, holder: Int)] = []
            for (place, envelope) in envelopes.enumerated() {
                let key = SecretKey(seed: UInt64(place), label: "sharded")
                let (charge, channel) = try await pay(envelope, fixture, by: key)
                let holder = try #require(map.holders(of: map.sharding.shard(ofEnvelope: envelope.hash)).first)
                try await acknowledge(charge, envelope, node: Int(holder), fixture)
                charges.append((charge, channel, Int(holder)))
            }
            #expect(Set(charges.map(\.holder)).count > 1, "one node holds all six: another seed is needed")
            try await fixture.advance(to: edge)
            // Of the first three only those report who hold them, of the others everybody else.
            for node in 1...3 {
                let listed = charges.enumerated().filter {
                    $0.offset < 3 ? $0.element.holder == node : $0.element.holder != node
                }
                try await fixture.deliver(listed.map(\.element.charge), epoch: 1, node: node)
            }
            try await fixture.advance(to: cut)
            let void = try await fixture.service.read { try await ReportStore($0).refunds(in: 2) }
                .filter { $0.refund.ground == .undelivered }
            #expect(Set(void.map(\.refund.charge)) == Set(charges[3...].map(\.charge)))
            try await checkBooks(fixture)
            try await seal(1, fixture)
            try await seal(2, fixture)
            #expect(try await audit(fixture).count == 2)
        }
    }

    @Test func `the registry's answer names the nodes of the open epoch's snapshot`() async throws {
        try await ServiceFixture.run(["--replication", "2"]) { fixture in
            try await fixture.registerNodes(2)
            #expect(try await fixture.service.members().members == [1, 2])
            try await fixture.advance(to: ServiceFixture.start + 60)
            try await fixture.registerNodes(3...3)
            #expect(try await fixture.service.members().members == [1, 2])
            try await fixture.advance(to: edge)
            #expect(try await fixture.service.members().members == [1, 2, 3])
        }
    }
}
