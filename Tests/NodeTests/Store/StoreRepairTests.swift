import Channels
import FoundationEssentials
import Primitives
import Testing

@testable import Node

@Suite struct StoreRepairTests {
    private let network = TestNetwork()

    /// A node that has stopped, and another that holds the same twelve events.
    private struct Pair {
        let directory: String
        let arrivals: [Bytes32: Int64]
        let wires: [Bytes32: WireEvent]
        let peer: ReplicationNode
    }

    private var registry: [RegisteredNode] { (1...3).map { network.registered($0, port: 1) } }

    private func node(_ number: UInt32) async throws -> ReplicationNode {
        var configuration = network.configuration(number)
        configuration.limits.chainTimeout = .zero
        let node = try await ReplicationNode(configuration, logger: .silent)
        await node.update(registry: registry)
        return node
    }

    private func pair() async throws -> Pair {
        let node = try await node(1)
        #expect(await node.publish(network.paid((0..<8).map { .sample($0) })).allSatisfy { $0.event != nil })
        var two = TestOriginator(2, log: network.log)
        _ = try await node.core.take((20..<24).map { two.next(.sample($0)) }, from: 2)
        let rows = try await node.core.store.rows(after: 0, limit: 100)
        try await node.observe(network.log.head())
        await node.close()
        let settled = try await NodeStore.open(directory: network.configuration(1).dataDirectory)
        try await settled.settle()
        await settled.close()
        let peer = try await self.node(3)
        _ = try await peer.core.take(rows.map(\.wire), from: 1)
        return Pair(
            directory: network.configuration(1).dataDirectory,
            arrivals: Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.arrival) }),
            wires: Dictionary(uniqueKeysWithValues: rows.map { ($0.id, $0.wire) }), peer: peer)
    }

    private func faults(_ directory: String) async throws -> [StoreFault] {
        let store = try await NodeStore.open(directory: directory)
        do {
            let faults = try await store.check { _ in }
            await store.close()
            return faults
        } catch {
            await store.close()
            throw error
        }
    }

    /// Repairs, starts, heals from the peer, and compares with it.
    private func heals(_ pair: Pair, _ what: Comment) async throws {
        _ = try await NodeStore.repair(directory: pair.directory) { _ in }
        #expect(try await faults(pair.directory).isEmpty, what)
        let node = try await node(1)
        for row in try await node.core.store.rows(after: 0, limit: 100) {
            #expect(row.arrival == pair.arrivals[row.id], what)
            #expect(row.wire == pair.wires[row.id], what)
        }
        let source = StoreSource(pair.peer.core.store)
        _ = try await SetReconciler().reconcile(HealedReplica(core: node.core, peer: 3), with: source)
        #expect(await node.core.store.state() == pair.peer.core.store.state(), what)
        #expect(try await node.core.check().isEmpty, what)
        await node.close()
    }

    @Test(arguments: Damage.all)
    func `P20: what a store has lost is left out by a repair and comes back from a peer`(
        _ change: String, _ fault: String
    ) async throws {
        let pair = try await pair()
        let database = try SQLiteDatabase(path: pair.directory + "/node.sqlite")
        try database.script(change)
        database.close()
        #expect(try await !faults(pair.directory).isEmpty)
        try await heals(pair, "\(change)")
        #expect(FileManager.default.fileExists(atPath: pair.directory + "/" + NodeStore.damagedName))
        await pair.peer.close()
    }

    @Test func `P20: each page that is lost is mended, or refused by a sentence that says what to do`() async throws {
        let pair = try await pair()
        let path = pair.directory + "/node.sqlite"
        let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        #expect(bytes.count > 4_096 * 20)
        var refused = 0
        for page in stride(from: 0, to: bytes.count, by: 4_096) {
            var broken = bytes
            for place in page..<page + 4_096 { broken[place] = 0x5a }
            try Data(broken).write(to: URL(filePath: path))
            do {
                try await heals(pair, "page \(page / 4_096 + 1)")
            } catch let error as NodeError {
                guard case .notAStore = error else { throw error }
                #expect(error.description.contains("move it away"))
                refused += 1
            }
        }
        // The header, the schema and whose store it is.
        #expect((1...6).contains(refused), "\(refused)")
        await pair.peer.close()
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `P4: a bit that flips on the disk is found or is of no event, and a peer mends it`(_ seed: UInt64) async throws
    {
        let pair = try await pair()
        let path = pair.directory + "/node.sqlite"
        var bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var generator = SplitMix64(seed: seed)
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &generator)
        try Data(bytes).write(to: URL(filePath: path))
        do {
            if try await faults(pair.directory).isEmpty {
                let (store, _) = try await EventStore.reopen(directory: pair.directory)
                let rows = try await store.rows(after: 0, limit: 100)
                await store.close()
                #expect(rows.count == 12 && rows.allSatisfy { $0.wire == pair.wires[$0.id] }, "byte \(place)")
            }
            try await heals(pair, "byte \(place)")
        } catch is NodeError {
            // It is said whose it is, or that it is damaged.
        } catch let failure as SQLiteFailure {
            #expect(failure.isNotADatabase, "byte \(place): \(failure)")
            try await heals(pair, "byte \(place)")
        }
        await pair.peer.close()
    }

    @Test func `P20: after a repair nothing is signed on a sequence that a peer may have seen`() async throws {
        let pair = try await pair()
        let database = try SQLiteDatabase(path: pair.directory + "/node.sqlite")
        try database.script(
            "DELETE FROM envelope WHERE charge IN (SELECT charge FROM event WHERE originator = 1 AND sequence > 6)")
        database.close()
        let report = try await NodeStore.repair(directory: pair.directory) { _ in }
        #expect(report == RepairReport(node: 1, kept: 10, dropped: 2, signedBound: 8))
        let node = try await node(1)
        #expect(await node.chainHighest(of: 1)?.highest == 6)
        func publish(_ number: UInt64) async -> PublishOutcome? {
            await node.publish(network.paid([.sample(number)])).first
        }
        #expect(await publish(100)?.refusal == .healing)
        node.core.gate.heard(from: 2)
        #expect(await publish(101)?.refusal == .healing, "one peer was not asked")
        let source = StoreSource(pair.peer.core.store)
        _ = try await SetReconciler().reconcile(HealedReplica(core: node.core, peer: 3), with: source)
        node.core.gate.heard(from: 3)
        #expect(await publish(102)?.event != nil)
        #expect(await node.chainHighest(of: 1)?.highest == 9)
        #expect(await node.status().evidence == 0)
        await node.close()
        await pair.peer.close()
    }

    @Test func `P20: what no peer knows of, when all were asked, is signed anew`() async throws {
        let pair = try await pair()
        let database = try SQLiteDatabase(path: pair.directory + "/node.sqlite")
        try database.script("UPDATE event SET bytes = zeroblob(9) WHERE originator = 1 AND sequence = 8")
        database.close()
        #expect(try await NodeStore.repair(directory: pair.directory) { _ in }.signedBound == 8)
        let node = try await node(1)
        node.core.gate.heard(from: 2)
        node.core.gate.heard(from: 3)
        #expect(await node.publish(network.paid([.sample(100)])).first?.event != nil)
        #expect(await node.chainHighest(of: 1)?.highest == 8)
        await node.close()
        await pair.peer.close()
    }

    @Test func `a floor above the log's word is a fault, and a repair brings it down`() async throws {
        let pair = try await pair()
        network.log.setTime(TestLog.start + 3 * 86_400)
        var node = try await node(1)
        try await node.observe(network.log.head())
        try await node.observe(network.log.seal(1))
        await node.close()
        let database = try SQLiteDatabase(path: pair.directory + "/node.sqlite")
        try database.setFloor(UTCDay(number: 20_590))
        database.close()
        let bound = UTCDay(containing: TestLog.start + TestLog.epochSeconds)
        #expect(try await faults(pair.directory) == [.floor(stored: UTCDay(number: 20_590), bound: bound)])
        _ = try await NodeStore.repair(directory: pair.directory) { _ in }
        node = try await self.node(1)
        let status = await node.status()
        #expect(status.floor == bound && status.events == 12)
        await node.close()
        await pair.peer.close()
    }
}
