import Primitives
import Testing

@testable import Node

@Suite struct BucketReconcilerTests {
    private let network = TestNetwork()

    private func filled(_ number: UInt32, _ chains: [[CheckedEvent]], orphans: Int = 65_536) async throws -> EventStore
    {
        let store = try await network.store(number, orphans: orphans)
        for chain in chains { _ = try await store.admit(chain, from: nil, head: nil) }
        return store
    }

    @Test func `two nodes with different halves both end with the union`() async throws {
        let first = network.log.unsignedChain(1, count: 60, topic: 1)
        let second = network.log.unsignedChain(2, count: 80, topic: 2, firstSample: 500)
        network.log.setTime(TestLog.start + 3 * 86_400)
        let third = network.log.unsignedChain(3, count: 20, topic: 3, firstSample: 900)
        let one = try await filled(1, [first, third])
        let two = try await filled(2, [second, Array(third.prefix(5))])
        let reconciler = BucketReconciler()
        #expect(try await !reconciler.reconcile(StoreReplica(store: one), with: StoreSource(two)))
        #expect(try await reconciler.reconcile(StoreReplica(store: two), with: StoreSource(one)))
        #expect(try await reconciler.reconcile(StoreReplica(store: one), with: StoreSource(two)))
        #expect(await one.summary() == two.summary())
        #expect(await one.summary().map(\.count) == [140, 20])
    }

    @Test func `equal nodes exchange one summary and nothing else`() async throws {
        let chain = network.log.unsignedChain(1, count: 30)
        let one = try await filled(1, [chain])
        let source = StoreSource(try await filled(2, [chain]))
        #expect(try await BucketReconciler().reconcile(StoreReplica(store: one), with: source))
        #expect(source.pages == 0 && source.fetches == 0)
    }

    @Test func `ancestors are fetched level by level to a depth of 5,000, without recursion`() async throws {
        let chain = network.log.unsignedChain(1, count: 5_000)
        let source = StoreSource(try await filled(1, [chain]))
        let behind = try await network.store(2)
        let last = try #require(chain.last)
        let report = try await behind.admit([last], from: nil, head: nil)
        #expect(report.results == [.waits] && report.isLackingAncestors)
        try await BucketReconciler().fetchAncestors(for: StoreReplica(store: behind), from: source)
        let figures = try await behind.figures()
        #expect(figures.events == 5_000 && figures.orphans == 0)
        #expect(source.events == 4_999)
        #expect(await behind.summary() == source.store.summary())
    }

    @Test func `a chain of 5,000 that comes in the worst order is admitted in one step`() async throws {
        let chain = network.log.unsignedChain(1, count: 5_000)
        let store = try await network.store(1)
        let waiting = try await store.admit(chain.dropFirst().reversed(), from: nil, head: nil)
        #expect(waiting.results.allSatisfy { $0 == .waits })
        #expect(try await store.figures().orphans == 4_999)
        let report = try await store.admit([chain[0]], from: nil, head: nil)
        #expect(report.results == [.new] && report.admitted.count == 5_000)
        #expect(report.admitted.first == chain.first?.wire && report.admitted.last == chain.last?.wire)
        let figures = try await store.figures()
        #expect(figures.events == 5_000 && figures.orphans == 0)
    }

    @Test func `a difference many times larger than the pool is healed, with each event fetched some times at most`()
        async throws
    {
        let chains = [
            network.log.unsignedChain(1, count: 700), network.log.unsignedChain(2, count: 500, firstSample: 9_000),
        ]
        let source = StoreSource(try await filled(1, chains))
        let behind = try await filled(2, [], orphans: 50)
        var rounds = 0
        while try await !BucketReconciler().reconcile(StoreReplica(store: behind), with: source), rounds < 5 {
            rounds += 1
        }
        #expect(await behind.summary() == source.store.summary())
        #expect(rounds <= 1)
        #expect(source.events <= 4 * 1_200)
    }

    @Test func `a peer that names ids and never serves them costs one question and does not stop the rest`()
        async throws
    {
        let chain = network.log.unsignedChain(1, count: 10)
        let one = try await network.store(1)
        let liar = Liar(truth: StoreSource(try await filled(2, [chain])), served: [])
        #expect(try await !BucketReconciler().reconcile(StoreReplica(store: one), with: liar))
        #expect(liar.truth.fetches == 1)
        let some = Liar(truth: liar.truth, served: Set(chain.prefix(4).map(\.id)))
        #expect(try await !BucketReconciler().reconcile(StoreReplica(store: one), with: some))
        #expect(try await one.figures().events == 4)
    }

    @Test func `a peer that serves other events than it was asked for gives nothing`() async throws {
        let chain = network.log.unsignedChain(1, count: 3)
        let other = network.log.unsignedChain(2, count: 1, firstSample: 50)
        let one = try await network.store(1)
        let liar = Liar(
            truth: StoreSource(try await filled(2, [chain])),
            served: [],
            instead: other.map(\.wire)
        )
        #expect(try await !BucketReconciler().reconcile(StoreReplica(store: one), with: liar))
        #expect(try await one.figures().events == 0)
    }

    @Test func `a node that heals from three peers at a time fetches each event once`() async throws {
        let chain = network.log.unsignedChain(1, count: 1_500)
        var sources: [StoreSource] = []
        for number in 1...3 as ClosedRange<UInt32> { sources.append(StoreSource(try await filled(number, [chain]))) }
        let behind = try await network.store(4)
        let replica = StoreReplica(store: behind, claims: FetchClaims(lifetime: .seconds(120)))
        try await withThrowingDiscardingTaskGroup { group in
            for source in sources {
                group.addTask {
                    let isEqual = try await BucketReconciler(fetchMax: 64).reconcile(replica, with: source)
                    #expect(isEqual)
                }
            }
        }
        #expect(await behind.summary() == sources[0].store.summary())
        #expect(sources.reduce(0) { $0 + $1.events } == 1_500)
    }

    @Test func `what one peer withholds another brings, after a bounded wait`() async throws {
        let chain = network.log.unsignedChain(1, count: 20)
        let truth = StoreSource(try await filled(1, [chain]))
        let behind = try await network.store(2)
        let replica = StoreReplica(store: behind, claims: FetchClaims(lifetime: .milliseconds(200)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await BucketReconciler().reconcile(replica, with: Silent(truth: truth)) }
            try await Task.sleep(for: .milliseconds(50))
            let isEqual = try await BucketReconciler().reconcile(replica, with: truth)
            #expect(isEqual)
            group.cancelAll()
        }
    }

    @Test func `pages that do not ascend end the session`() async throws {
        let one = try await network.store(1)
        await #expect(throws: PeerFailure.malformed(.field("ids"))) {
            try await BucketReconciler().reconcile(StoreReplica(store: one), with: EndlessPages())
        }
    }
}

/// Says the truth about its ids and serves only some of them.
private struct Liar: ReconcileSource {
    let truth: StoreSource
    let served: Set<Bytes32>
    var instead: [WireEvent] = []

    func summary() async throws -> [BucketSummary] { try await truth.summary() }

    func ids(epoch: UInt64, after: Bytes32) async throws -> (ids: [Bytes32], more: Bool) {
        try await truth.ids(epoch: epoch, after: after)
    }

    func fetch(_ ids: [Bytes32]) async throws -> [WireEvent] {
        try await truth.fetch(ids).filter { served.contains($0.id) } + instead
    }
}

/// Names everything and never answers a fetch.
private struct Silent: ReconcileSource {
    let truth: StoreSource

    func summary() async throws -> [BucketSummary] { try await truth.summary() }

    func ids(epoch: UInt64, after: Bytes32) async throws -> (ids: [Bytes32], more: Bool) {
        try await truth.ids(epoch: epoch, after: after)
    }

    func fetch(_ ids: [Bytes32]) async throws -> [WireEvent] {
        try await Task.sleep(for: .seconds(60))
        return []
    }
}

/// Gives the same page for ever.
private struct EndlessPages: ReconcileSource {
    func summary() async throws -> [BucketSummary] { [BucketSummary(epoch: 1, count: UInt64.max, root: .zero)] }

    func ids(epoch: UInt64, after: Bytes32) async throws -> (ids: [Bytes32], more: Bool) {
        ([Bytes32(integer: 7)], true)
    }

    func fetch(_ ids: [Bytes32]) async throws -> [WireEvent] { [] }
}
