import Channels
import Primitives
import Testing

@testable import Node

@Suite struct ShardDutyTests {
    private static let network = TestNetwork(sharding: Sharding(bits: 2, replication: 2) ?? .none)

    private static func map(_ nodes: ClosedRange<UInt32>) -> ShardMap {
        ShardMap(network.log.genesis, nodes: nodes.map { network.registered($0, port: 1) })
    }

    private static func surveyed(_ shards: some Sequence<Shard>, count: UInt64 = 1) -> [SurveyedShard] {
        shards.sorted().map {
            SurveyedShard(
                shard: $0,
                state: SetState(floor: UTCDay(number: 1), count: count, root: Bytes32(integer: UInt128(count))))
        }
    }

    @Test func `a node takes what it is assigned and does not hold, and nothing without an assignment`() {
        let map = Self.map(1...4)
        let duty = ShardDuty(of: 1, map: map, held: [], proved: [:])
        #expect(duty.taken == map.shards(of: 1).sorted() && duty.released.isEmpty)
        let done = ShardDuty(of: 1, map: map, held: Self.surveyed(map.shards(of: 1)), proved: [:])
        #expect(done.taken.isEmpty && done.released.isEmpty)
        let nobody = ShardDuty(of: 1, map: nil, held: Self.surveyed([.one]), proved: [:])
        #expect(nobody.taken.isEmpty && nobody.released.isEmpty)
    }

    @Test func `a shard is let go of only where all that are assigned have proved the state that it is in now`() throws
    {
        let map = Self.map(1...4)
        let other = try #require(map.sharding.all.first { !map.holders(of: $0).contains(1) })
        let holders = map.holders(of: other)
        let held = Self.surveyed(map.shards(of: 1).union([other]))
        let now = try #require(held.first { $0.shard == other }).state
        let before = Self.surveyed([other], count: 2)[0].state
        let cases: [(proved: [UInt32: SetState], isReleased: Bool)] = [
            ([:], false), ([holders[0]: now], false), ([holders[0]: now, 1: now], false),
            ([holders[0]: now, holders[1]: before], false), ([holders[0]: now, holders[1]: now], true),
        ]
        for (proved, isReleased) in cases {
            let duty = ShardDuty(of: 1, map: map, held: held, proved: [other: proved])
            #expect(duty.released.map(\.shard) == (isReleased ? [other] : []), "\(proved)")
        }
        let nobody = ShardMap(Self.network.log.genesis, nodes: [])
        #expect(ShardDuty(of: 1, map: nobody, held: held, proved: [:]).released.isEmpty)
    }

    @Test
    func `what comes after a proof keeps a shard, and of one that is let go of nothing is left, nor signed again`()
        async throws
    {
        let network = Self.network
        let store = try await network.store(1)
        let events = network.log.unsignedChain(1, count: 6, sharding: network.log.genesis.sharding)
        let shard = events[0].shard
        try await store.take([shard])
        _ = try await store.admit(Array(events[..<4]), from: nil, head: nil)
        let proved = await store.survey()[0]
        _ = try await store.admit([events[4]], from: nil, head: nil)
        #expect(try await !store.letGo(proved))
        #expect(await store.held == [shard])
        #expect(try await store.letGo(await store.survey()[0]))
        #expect(await store.held.isEmpty)
        #expect(try await store.admit([events[5]], from: nil, head: nil).results == [.refused])
        // A crash in between, and while it is deleted: nothing of it comes back, and it is not taken back before it is gone.
        try await store.take([shard])
        #expect(await store.held.isEmpty)
        await store.close()
        let again = try await network.store(1)
        #expect(await again.held.isEmpty)
        #expect(await again.leftovers.released.count == 5)
        while try await again.evict(limit: 2) > 0 {}
        #expect(try await again.database(count: "event") == 0)
        #expect(try await again.database(count: "envelope") == 0)
        #expect(try await again.database(count: "topic") == 0)
        #expect(await again.ownHighest(in: shard) == 5)
        try await again.take([shard])
        #expect(try await again.admit(events, from: nil, head: nil).taken == 6)
    }
}
