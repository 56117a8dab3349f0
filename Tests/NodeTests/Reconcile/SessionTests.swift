import Channels
import Primitives
import Synchronization
import Testing

@testable import Node

@Suite struct SessionTests {
    private let network = TestNetwork()

    private func filled(_ number: UInt32, _ events: [CheckedEvent]) async throws -> EventStore {
        let store = try await network.store(number)
        for part in stride(from: 0, to: events.count, by: 1_000) {
            _ = try await store.admit(Array(events[part..<min(events.count, part + 1_000)]), from: nil, head: nil)
        }
        return store
    }

    @Test func `P13: what is missing while there is no peer is a bounded list, and is fetched when one comes`()
        async throws
    {
        let chain = network.log.unsignedChain(9, count: 400)
        var configuration = network.configuration(1)
        configuration.limits.wantedEvents = 50
        let store = try await EventStore.open(configuration)
        let replica = StoreReplica(store: store)
        // Every second event, each without the one before it, again and again, and nobody to ask.
        for _ in 0..<3 {
            for event in chain where event.event.sequence.isMultiple(of: 2) {
                _ = try await store.admit([event], from: nil, head: nil)
            }
        }
        #expect(await store.wanted.count == 50)
        let nobody = StoreSource(try await network.store(2))
        for _ in 0..<20 { try await SetReconciler().fetchAncestors(for: replica, from: nobody) }
        #expect(nobody.fetches == 4 && nobody.events == 0, "each is asked for some times, then forgotten")
        #expect(try await store.needed(limit: 100).isEmpty)
        let peer = StoreSource(try await filled(3, chain))
        #expect(try await SetReconciler().reconcile(replica, with: peer))
        #expect(try await store.figures().events == 400)
        #expect(peer.events == 200)
    }

    @Test(arguments: 0..<3 as Range<UInt64>)
    func `P25: an empty node that is killed ten times on its way fetches less than 5 % twice`(_ seed: UInt64)
        async throws
    {
        var generator = SplitMix64(seed: seed)
        let chain = network.log.unsignedChain(9, count: 3_000)
        let source = CountingSource(StoreSource(try await filled(2, chain)))
        // What is on its way when it dies comes twice: three answers. Of 10^6 events an answer is a smaller part than here.
        let reconciler = SetReconciler(fetchMax: 4)
        var store = try await network.store(1)
        var kills = 0
        while kills < 10 {
            let fuse = Mutex(Int.random(in: 200...1_800, using: &generator))
            await store.disturb { _ throws(SQLiteFailure) in
                let isDead = fuse.withLock { fuse in
                    fuse -= 1
                    return fuse < 0
                }
                if isDead { throw SQLiteFailure(code: 10, message: "the process is dead") }
            }
            await #expect(throws: SQLiteFailure.self) {
                _ = try await reconciler.reconcile(StoreReplica(store: store), with: source)
            }
            await store.close()
            kills += 1
            store = try await network.store(1)
        }
        #expect(try await store.figures().events < 3_000, "it was killed on its way")
        #expect(try await reconciler.reconcile(StoreReplica(store: store), with: source))
        #expect(await store.state() == source.truth.store.state())
        let needed = chain.reduce(0) { $0 + $1.wire.frameBytes }
        #expect(source.bytes * 100 < needed * 105, "\(source.bytes) bytes for \(needed)")
    }

    /// Events on twenty days of expiry.
    private func writing() throws -> [CheckedEvent] {
        var originator = TestOriginator(9, log: network.log)
        return try (0..<300).map { number in
            try originator.next(.sample(number, bytes: 16, expiry: 20_460 + UInt32(number / 15))).unchecked()
        }
    }

    @Test(.timeLimit(.minutes(2)))
    func `P29: a session ends while the peer is written to and drops what expired, and the next ends equal`()
        async throws
    {
        let events = try writing()
        let source = WritingSource(StoreSource(try await filled(2, Array(events.prefix(100)))), events, of: network)
        let store = try await network.store(1)
        _ = try await SetReconciler(fetchMax: 3).reconcile(StoreReplica(store: store), with: source)
        #expect(source.writes > 20)
        try await source.writeAll()
        _ = try await store.raiseFloor(to: await source.truth.store.floor) { _ in network.key(1).sign(.zero) }
        while try await store.evict(limit: 100) > 0 {}
        #expect(try await SetReconciler().reconcile(StoreReplica(store: store), with: source.truth))
        #expect(await store.state() == source.truth.store.state())
        let floor = await source.truth.store.floor.number
        try #require(floor > 20_461)
        let days = UInt64(floor - 20_460)
        #expect(await store.state().count == 300 - 15 * days)
    }

    @Test(.timeLimit(.minutes(2)))
    func `P29: against a peer that is written to without end a session ends after its rounds`() async throws {
        let events = try writing()
        let source = WritingSource(StoreSource(try await filled(2, Array(events.prefix(5)))), events, of: nil)
        let store = try await network.store(1)
        let outcome = try await SetReconciler(roundsMax: 7)
            .reconcile(StoreReplica(store: store), with: source, isPatient: false)
        #expect(outcome == .unequal && source.truth.comparisons == 7)
        #expect(await store.state().count > 5, "what came meanwhile is kept")
    }

    @Test func `P16: a peer that names a new sketch key each time has a bounded number of sketches made`() async throws
    {
        var configuration = network.configuration(1)
        configuration.limits.sketchesOfPeer = 3
        let node = try await ReplicationNode(configuration, logger: .silent)
        _ = try await node.core.store.admit(network.log.unsignedChain(9, count: 30), from: nil, head: nil)
        let replica = HealedReplica(core: node.core, peer: 2)
        var made = 0
        for number in 0..<20 as Range<UInt64> {
            let cells = try await replica.cells(.seeded(number), from: 0, count: 8)
            if !cells.isEmpty { made += 1 }
        }
        #expect(made == 3)
        #expect(try await replica.cells(.seeded(2), from: 0, count: 8).count == 8, "one that is there costs nothing")
        #expect(try await HealedReplica(core: node.core, peer: 3).cells(.seeded(90), from: 0, count: 8).count == 8)
        await node.close()
    }

    @Test func `sketches may be made for a peer again when the period is over`() {
        let time = Mutex(Duration.zero)
        let allowance = SketchAllowance(most: 2, period: .seconds(60)) { time.withLock { $0 } }
        #expect((0..<4).map { _ in allowance.spend(for: 1) } == [true, true, false, false])
        time.withLock { $0 = .seconds(59) }
        #expect(!allowance.spend(for: 1))
        time.withLock { $0 = .seconds(60) }
        #expect((0..<3).map { _ in allowance.spend(for: 1) } == [true, true, false])
    }
}

/// Counts the bytes of the events that it serves.
private final class CountingSource: ReconcileSource {
    let truth: StoreSource
    private let served = Mutex(0)
    var bytes: Int { served.withLock { $0 } }

    init(_ truth: StoreSource) { self.truth = truth }

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
        let events = try await truth.fetch(targets)
        served.withLock { $0 += events.reduce(0) { $0 + $1.frameBytes } }
        return events
    }
}

/// Takes an event in before each answer, and now and then drops what has expired.
private final class WritingSource: ReconcileSource {
    let truth: StoreSource
    private let events: [CheckedEvent]
    private let network: TestNetwork?
    private let written = Mutex(0)
    var writes: Int { written.withLock { $0 } }

    /// Without a network nothing expires.
    init(_ truth: StoreSource, _ events: [CheckedEvent], of network: TestNetwork?) {
        self.truth = truth
        self.events = events
        self.network = network
    }

    private func write() async throws {
        let number = written.withLock { number in
            number += 1
            return number
        }
        _ = try await truth.store.admit([events[(5 + number) % events.count]], from: nil, head: nil)
        guard let network, number.isMultiple(of: 9), number < 60 else { return }
        _ = try await truth.store.raiseFloor(to: UTCDay(number: 20_460 + UInt32(number / 9))) { _ in
            network.key(2).sign(.zero)
        }
        while try await truth.store.evict(limit: 4) > 0 {}
    }

    func writeAll() async throws { _ = try await truth.store.admit(events, from: nil, head: nil) }

    func compare(_ state: SetState) async throws -> SetComparison {
        try await write()
        return try await truth.compare(state)
    }
    func places() async throws -> [PlaceRange] {
        try await write()
        return try await truth.places()
    }
    func cells(from first: Int, count: Int) async throws -> [SketchCell] {
        try await write()
        return try await truth.cells(from: first, count: count)
    }
    func days() async throws -> [DayNode] {
        try await write()
        return try await truth.days()
    }
    func tree(day: UInt64, paths: [TreePath]) async throws -> [TreeContent] {
        try await write()
        return try await truth.tree(day: day, paths: paths)
    }
    func fetch(_ targets: [FetchTarget]) async throws -> [WireEvent] {
        try await write()
        return try await truth.fetch(targets)
    }
}
