import Primitives
import Synchronization
import Testing

@testable import Node

@Suite struct SetReconcilerTests {
    private let network = TestNetwork()

    private func filled(_ number: UInt32, _ chains: [[CheckedEvent]]) async throws -> EventStore {
        let store = try await network.store(number)
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
        let reconciler = SetReconciler()
        #expect(try await !reconciler.reconcile(StoreReplica(store: one), with: StoreSource(two)))
        #expect(try await reconciler.reconcile(StoreReplica(store: two), with: StoreSource(one)))
        #expect(try await reconciler.reconcile(StoreReplica(store: one), with: StoreSource(two)))
        #expect(await one.days() == two.days())
        #expect(await one.days().map(\.node.count) == [160])
    }

    @Test(arguments: [(true, false, false), (false, true, false), (false, false, true)])
    func `places, sketches and trees each bring what is missing where the others say nothing`(
        _ places: Bool, _ cells: Bool, _ trees: Bool
    ) async throws {
        let common = network.log.unsignedChain(1, count: 150)
        let more = network.log.unsignedChain(2, count: 300, firstSample: 1_000)
        network.log.setTime(TestLog.start + 3 * 86_400)
        let later = network.log.unsignedChain(3, count: 40, firstSample: 2_000)
        let truth = StoreSource(try await filled(1, [common, more, later]))
        let behind = try await filled(2, [common])
        let source = Partial(truth: truth, hasPlaces: places, hasCells: cells, hasTrees: trees)
        #expect(try await SetReconciler().reconcile(StoreReplica(store: behind), with: source))
        #expect(await behind.state() == truth.store.state())
        #expect(truth.events == 340)
    }

    @Test func `a peer whose places, sketch and trees all say nothing ends the session`() async throws {
        let truth = StoreSource(try await filled(1, [network.log.unsignedChain(1, count: 20)]))
        let source = Partial(truth: truth, hasPlaces: false, hasCells: false, hasTrees: false)
        let behind = try await network.store(2)
        #expect(try await !SetReconciler().reconcile(StoreReplica(store: behind), with: source))
        #expect(try await behind.figures().events == 0)
    }

    @Test func `two events on one sequence, one on each side, are on both in the end`() async throws {
        // Their places are equal, so places name nothing.
        let left = network.log.unsignedChain(1, count: 1, firstSample: 10)
        let right = network.log.unsignedChain(1, count: 1, firstSample: 20)
        let one = try await filled(1, [left])
        let two = try await filled(2, [right])
        #expect(try await !SetReconciler().reconcile(StoreReplica(store: one), with: StoreSource(two)))
        #expect(try await SetReconciler().reconcile(StoreReplica(store: two), with: StoreSource(one)))
        let figures = try await one.figures()
        #expect(figures.events == 2 && figures.evidence == 1)
        #expect(await one.state() == two.state())
    }

    @Test func `a node that holds more asks for nothing`() async throws {
        let chain = network.log.unsignedChain(1, count: 30)
        let source = StoreSource(try await filled(1, [Array(chain.prefix(20))]))
        let ahead = try await filled(2, [chain])
        #expect(try await !SetReconciler().reconcile(StoreReplica(store: ahead), with: source))
        #expect(source.fetches == 0 && source.comparisons == 1)
    }

    @Test func `equal nodes compare once and exchange nothing else`() async throws {
        let chain = network.log.unsignedChain(1, count: 30)
        let one = try await filled(1, [chain])
        let source = StoreSource(try await filled(2, [chain]))
        #expect(try await SetReconciler().reconcile(StoreReplica(store: one), with: source))
        #expect(source.comparisons == 1 && source.findings == 0 && source.fetches == 0)
    }

    @Test func `ancestors are fetched level by level to a depth of 5,000, without recursion`() async throws {
        let chain = network.log.unsignedChain(1, count: 5_000)
        let source = StoreSource(try await filled(1, [chain]))
        let behind = try await network.store(2)
        let last = try #require(chain.last)
        let report = try await behind.admit([last], from: nil, head: nil)
        #expect(report.results == [.new] && report.isLackingAncestors)
        try await SetReconciler().fetchAncestors(for: StoreReplica(store: behind), from: source)
        #expect(try await behind.figures().events == 5_000)
        #expect(source.events == 4_999)
        #expect(await behind.days() == source.store.days())
    }

    @Test func `P21: a chain of 5,000 that comes children first is admitted event by event, and nothing waits`()
        async throws
    {
        let chain = network.log.unsignedChain(1, count: 5_000)
        let store = try await network.store(1)
        for part in stride(from: 4_999, through: 0, by: -500).map({ chain[max(0, $0 - 499)...$0].reversed() }) {
            let report = try await store.admit(Array(part), from: nil, head: nil)
            #expect(report.results.allSatisfy { $0 == .new })
        }
        let figures = try await store.figures()
        #expect(figures.events == 5_000 && figures.evidence == 0)
        #expect(
            figures.chains == [ChainHead(originator: 1, shard: .one, highest: 5_000, id: chain[4_999].id, missing: 0)])
        #expect(try await store.tips() == [chain[4_999].id])
        #expect(try await store.needed(limit: 10).isEmpty)
    }

    @Test func `an ancestor that nobody has is asked for some times, and holds up nothing`() async throws {
        let chain = network.log.unsignedChain(1, count: 3)
        let source = StoreSource(try await filled(1, [[chain[0], chain[2]]]))
        let behind = try await filled(2, [[chain[2]]])
        for _ in 0..<10 {
            try await SetReconciler().fetchAncestors(for: StoreReplica(store: behind), from: source)
        }
        #expect(source.fetches == 4)
        #expect(try await SetReconciler().reconcile(StoreReplica(store: behind), with: source))
        #expect(try await behind.figures().chains.map(\.missing) == [1])
    }

    @Test func `a peer that names events and never serves them costs two questions and does not stop the rest`()
        async throws
    {
        let chain = network.log.unsignedChain(1, count: 10)
        let one = try await network.store(1)
        let liar = Liar(truth: StoreSource(try await filled(2, [chain])), served: [])
        #expect(try await !SetReconciler().reconcile(StoreReplica(store: one), with: liar))
        #expect(liar.truth.fetches == 2)
        let some = Liar(truth: liar.truth, served: Set(chain.prefix(4).map(\.id)))
        #expect(try await !SetReconciler().reconcile(StoreReplica(store: one), with: some))
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
        #expect(try await !SetReconciler().reconcile(StoreReplica(store: one), with: liar))
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
                    let isEqual = try await SetReconciler(fetchMax: 64).reconcile(replica, with: source)
                    #expect(isEqual)
                }
            }
        }
        #expect(await behind.days() == sources[0].store.days())
        #expect(sources.reduce(0) { $0 + $1.events } == 1_500)
    }

    @Test(
        arguments: [
            (100, 100, 20, .places), (100, 100, 16_000, .places), (100, 100, 17_000, .sketch),
            (9_000, 100, 100_000, .places),
            (1_000, 1_100, 100_000, .sketch),
        ] as [(UInt64, UInt64, Int, ReconcileSteps.Step)])
    func `places come first unless they are many and the counts say that little differs`(
        _ ours: UInt64, _ theirs: UInt64, _ ranges: Int, _ expected: ReconcileSteps.Step
    ) {
        func state(_ count: UInt64) -> SetState { SetState(floor: UTCDay(number: 0), count: count, root: .zero) }
        var steps = ReconcileSteps(ours: state(ours), theirs: state(theirs), placeRanges: ranges)
        #expect(steps.next() == expected)
    }

    @Test func `P16: a tree that is made up of itself ends at the first subtree that stands on two paths`() async throws
    {
        let endless = MadeUpTree(root: SharedTree.nodes[16], content: SharedTree.content)
        let store = try await network.store(1)
        #expect(try await TreeDescent(idsMax: 1_000).ids(StoreReplica(store: store), endless).isEmpty)
        #expect(endless.asked.withLock { $0 } == 1)
    }

    @Test func `P16: a tree that is made up and wide ends after a bounded number of questions`() async throws {
        let levels = WideTree.levels
        let wide = MadeUpTree(root: levels[0][0]) { WideTree.content($0, levels) }
        let store = try await network.store(1)
        let ids = try await TreeDescent(idsMax: 1_000, questionsMax: 40).ids(StoreReplica(store: store), wide)
        #expect(ids.isEmpty && wide.asked.withLock { $0 } == 40)
    }

    @Test func `ids that do not lie where a tree has them are no ids of it`() async throws {
        let chain = network.log.unsignedChain(1, count: 300)
        let truth = StoreSource(try await filled(1, [chain]))
        let behind = try await network.store(2)
        let source = Misplaced(truth: truth)
        #expect(try await TreeDescent(idsMax: 1_000).ids(StoreReplica(store: behind), source).isEmpty)
        #expect(try await TreeDescent(idsMax: 1_000).ids(StoreReplica(store: behind), truth).count == 300)
    }

    @Test func `what one peer withholds another brings, after a bounded wait`() async throws {
        let chain = network.log.unsignedChain(1, count: 20)
        let truth = StoreSource(try await filled(1, [chain]))
        let behind = try await network.store(2)
        let replica = StoreReplica(store: behind, claims: FetchClaims(lifetime: .milliseconds(200)))
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try? await SetReconciler().reconcile(replica, with: Silent(truth: truth)) }
            try await Task.sleep(for: .milliseconds(50))
            let isEqual = try await SetReconciler().reconcile(replica, with: truth)
            #expect(isEqual)
            group.cancelAll()
        }
    }
}

/// Answers some questions with nothing, as a peer that lies or lost its way does.
private struct Partial: ReconcileSource {
    let truth: StoreSource
    var hasPlaces = true
    var hasCells = true
    var hasTrees = true

    func compare(_ state: SetState) async throws -> SetComparison { try await truth.compare(state) }
    func places() async throws -> [PlaceRange] { hasPlaces ? try await truth.places() : [] }
    func cells(from first: Int, count: Int) async throws -> [SketchCell] {
        let cells = try await truth.cells(from: first, count: count)
        guard !hasCells else { return cells }
        return cells.map { SketchCell(count: $0.count + 1, hashes: $0.hashes, ids: .zero) }
    }
    func days() async throws -> [DayNode] { hasTrees ? try await truth.days() : [] }
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        try await truth.tree(day: day, paths: paths)
    }
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] { try await truth.fetch(targets) }
}

/// Tells the truth about what it holds and serves only some of it.
private struct Liar: ReconcileSource {
    let truth: StoreSource
    let served: Set<Bytes32>
    var instead: [WireEvent] = []

    func compare(_ state: SetState) async throws -> SetComparison { try await truth.compare(state) }
    func places() async throws -> [PlaceRange] { try await truth.places() }
    func cells(from first: Int, count: Int) async throws -> [SketchCell] {
        try await truth.cells(from: first, count: count)
    }
    func days() async throws -> [DayNode] { try await truth.days() }
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        try await truth.tree(day: day, paths: paths)
    }
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] {
        try await truth.fetch(targets).filter { served.contains($0.id) } + instead
    }
}

/// Serves under each path what lies under the one before it, with a root that fits.
private struct Misplaced: ReconcileSource {
    let truth: StoreSource

    func compare(_ state: SetState) async throws -> SetComparison { try await truth.compare(state) }
    func places() async throws -> [PlaceRange] { [] }
    func cells(from first: Int, count: Int) async throws -> [SketchCell] { [] }
    func days() async throws -> [DayNode] {
        var days: [DayNode] = []
        for day in try await truth.days() {
            let root = try await truth.tree(day: day.day, paths: [.root])[0]
            days.append(DayNode(day: day.day, node: turned(root).node))
        }
        return days
    }
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        var contents: [TreeContent] = []
        for path in paths {
            if path.digits == 0 {
                contents.append(turned(try await truth.tree(day: day, paths: [.root])[0]))
            } else {
                let siblings = TreePath.root.children
                let place = siblings.firstIndex(of: path) ?? 0
                contents.append(try await truth.tree(day: day, paths: [siblings[(place + 15) % 16]])[0])
            }
        }
        return contents
    }
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] { try await truth.fetch(targets) }

    private func turned(_ content: TreeContent) -> TreeContent {
        guard case .branch(let children) = content else { return content }
        return .branch([children[15]] + children[..<15])
    }
}

/// Names everything and never answers a fetch.
private struct Silent: ReconcileSource {
    let truth: StoreSource

    func compare(_ state: SetState) async throws -> SetComparison { try await truth.compare(state) }
    func places() async throws -> [PlaceRange] { try await truth.places() }
    func cells(from first: Int, count: Int) async throws -> [SketchCell] {
        try await truth.cells(from: first, count: count)
    }
    func days() async throws -> [DayNode] { try await truth.days() }
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        try await truth.tree(day: day, paths: paths)
    }
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] {
        try await Task.sleep(for: .seconds(60))
        return []
    }
}
