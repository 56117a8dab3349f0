import Channels
import Primitives
import Rewards
import Testing

@testable import Node

@Suite struct MeteringTests {
    private let network = TestNetwork()

    private func credits(_ store: EventStore, epoch: UInt64) async throws -> [UInt32: UInt64] {
        Dictionary(uniqueKeysWithValues: try await store.subjects(of: epoch).map { ($0.node, $0.bytesServed) })
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `P24: what is credited is the bytes that came, once, to who brought them first`(_ seed: UInt64) async throws {
        var generator = SplitMix64(seed: seed)
        let store = try await network.store(1)
        let chain = network.log.unsignedChain(9, count: 40)
        // Each comes up to four times, from two that serve each other and from others.
        var deliveries = chain.flatMap { event in
            (0..<Int.random(in: 1...4, using: &generator)).map { _ in
                (event, UInt32.random(in: 2...5, using: &generator))
            }
        }
        deliveries.shuffle(using: &generator)
        var expected: [UInt32: UInt64] = [:]
        var seen: Set<Bytes32> = []
        for (event, peer) in deliveries where seen.insert(event.id).inserted {
            expected[peer, default: 0] += UInt64(event.wire.event.count + event.wire.envelope.count)
        }
        while !deliveries.isEmpty {
            let (_, peer) = deliveries[0]
            let batch = deliveries.prefix(Int.random(in: 1...5, using: &generator)).prefix { $0.1 == peer }
            _ = try await store.admit(batch.map(\.0), from: peer, head: nil)
            deliveries.removeFirst(batch.count)
        }
        #expect(try await credits(store, epoch: 1) == expected)
        let moved = chain.reduce(0 as UInt64) { $0 + UInt64($1.wire.event.count + $1.wire.envelope.count) }
        #expect(try await credits(store, epoch: 1).values.reduce(0, +) == moved)
    }

    @Test func `P24: what was withheld and comes late counts for the epoch that paid for it, and for no other`()
        async throws
    {
        let store = try await network.store(1)
        let withheld = network.log.unsignedChain(9, count: 10)
        network.log.setTime(TestLog.start + 3 * 86_400)
        let later = network.log.unsignedChain(8, count: 1, firstSample: 500)
        _ = try await store.admit(later, from: 3, head: later[0].head)
        let before = try await credits(store, epoch: 2)
        for _ in 0..<3 { _ = try await store.admit(withheld, from: 2, head: nil) }
        #expect(try await credits(store, epoch: 2) == before)
        #expect(try await credits(store, epoch: 1).keys.sorted() == [2])
        #expect(try await store.subjects(of: 1).map(\.firstDelivered) == [10])
    }

    @Test func `P24: what a node published itself, or has dropped, earns nobody anything`() async throws {
        let node = try await network.node(1)
        await node.update(registry: (1...2).map { network.registered($0, port: 1) })
        #expect(await node.publish(network.paid([.sample(1), .sample(2)])).allSatisfy { $0.event != nil })
        let own = try await node.core.store.rows(after: 0, limit: 9).map(\.wire)
        _ = try await node.core.take(own, from: 2)
        #expect(try await node.core.store.subjects(of: 1).isEmpty)
        var two = TestOriginator(2, log: network.log)
        let expired = two.next(.sample(3, expiry: 20_460))
        _ = try await node.core.store.raiseFloor(to: UTCDay(number: 20_470)) { _ in network.key(1).sign(.zero) }
        _ = try await node.core.take([expired], from: 2)
        #expect(try await node.core.store.subjects(of: 1).isEmpty)
        await node.close()
    }
}
