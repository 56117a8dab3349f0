import Channels
import Primitives
import Testing

@testable import Node

@Suite struct HeadWatchTests {
    private let network = TestNetwork()

    private func head(_ size: UInt64, root: UInt64? = nil, time: UInt64? = nil) -> SignedHead {
        let head = LogHead(
            logID: network.log.genesis.logID, size: size, root: Bytes32(integer: UInt128(root ?? size)),
            time: time ?? TestLog.start + size, epoch: 1)
        return SignedHead(head: head, signature: network.log.key.sign(network.log.domain.digest(of: head.statement)))
    }

    @Test func `heads of one log in any order contradict nothing, however many`() {
        var watch = HeadWatch(limit: 64)
        for size in (1...1_000 as ClosedRange<UInt64>).shuffled(seed: 3) { #expect(watch.see(head(size)) == nil) }
        for size in 1...1_000 as ClosedRange<UInt64> { #expect(watch.see(head(size)) == nil) }
    }

    @Test(arguments: [(50, 999, nil), (51, nil, 10), (51, 50, nil)] as [(UInt64, UInt64?, UInt64?)])
    func `a head that contradicts one that was seen is evidence`(_ size: UInt64, _ root: UInt64?, _ time: UInt64?) {
        var watch = HeadWatch(limit: 64)
        for size in stride(from: 10 as UInt64, through: 90, by: 10) { _ = watch.see(head(size)) }
        let evidence = watch.see(head(size, root: root, time: time))
        #expect(evidence != nil)
    }

    @Test func `two logs shown to two publishers meet on the first node that sees both, and the proof outlives it`()
        async throws
    {
        let node = try await network.node(1)
        await node.update(registry: [network.registered(1, port: 1), network.registered(2, port: 2)])
        try await node.observe(head(900))
        // Another history of as many leaves, shown to a publisher of another node, comes with its event.
        let fork = TestLog()
        _ = fork.charge((0..<900).map { .sample($0, bytes: 1) }.dropLast())
        var two = TestOriginator(2, log: fork)
        let report = try await node.core.take([two.next(.sample(5))], from: 2)
        #expect(report.results == [.new])
        let found = try await node.headEvidence()
        #expect(found.map(\.contradiction) == [.roots])
        try found.first?.check(
            logID: network.log.genesis.logID, logKey: network.log.key.address, domain: network.log.domain)
        await node.close()
        let again = try await network.node(1)
        #expect(try await again.headEvidence() == found)
        await again.close()
    }
}
